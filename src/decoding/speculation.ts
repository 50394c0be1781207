/** Draft-tree speculation as methods call it; its rounds are fetched with the first run, since the page only needs to know the method. */
import type { ParamsSchema } from "../base/params";
import type { MethodEvent } from "../trace/events";
import type { Drafter, ProposalLaw, Verifier } from "./draft_tree";
import type { MethodContext } from "./method";
import type { Planner } from "./speculation_rounds";

export type { Planner } from "./speculation_rounds";

/** @see speculateRounds in speculation_rounds.ts */
export async function* speculate<S extends ParamsSchema, L extends ProposalLaw>(
  context: MethodContext<S>,
  source: Drafter<L> | Planner<L>,
  sampled: Verifier<L>,
): AsyncGenerator<MethodEvent, void, void> {
  const { speculateRounds } = await import("./speculation_rounds");
  yield* speculateRounds(context, source, sampled);
}
