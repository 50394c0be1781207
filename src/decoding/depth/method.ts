/** How methods of recurrent depth are declared; their code is fetched with the first run of one. */
import type { ParamsOf, ParamsSchema } from "../../base/params";
import type { RecurrenceFacts } from "../../models/model";
import type { MethodEvent, SamplerSettings } from "../../trace/events";
import type { Method, MethodDefinition } from "../method";
import type { CachePolicy } from "./policy";
import type { DepthSession } from "./session";

export interface DepthContext<P> {
  readonly session: DepthSession;
  readonly params: P;
  readonly sampler: SamplerSettings;
  readonly promptTokens: readonly number[];
  readonly maxNewTokens: number;
  readonly detail: "light" | "full";
  /** Step whose random numbers the first one draws. */
  readonly firstStep: number;
}

/** Memory that a run needs on the device. */
export interface DepthNeeds {
  readonly maxRecurrence: number;
  readonly cache: CachePolicy;
}

/** A core that is stopped from outside, or layers that a router of the model's own lets tokens into. */
export type DepthModelKind = "recurrent" | "routed";

export interface DepthMethodDefinition<S extends ParamsSchema> extends Omit<
  MethodDefinition<S>,
  "requires" | "treeNodes" | "decode" | "needs" | "depths"
> {
  /** "recurrent" unless given. */
  readonly requires?: DepthModelKind;
  readonly needs: (params: ParamsOf<S>, facts: RecurrenceFacts) => DepthNeeds;
  readonly decode: (context: DepthContext<ParamsOf<S>>) => AsyncGenerator<MethodEvent, void, void>;
}

export const defineDepthMethod = <const S extends ParamsSchema>(m: DepthMethodDefinition<S>): Method => ({
  requires: "recurrent",
  ...m,
  treeNodes: () => 1,
});
