/** A mixture of recursions, token by token: the model's router decides before each recursion, or once before the first. */
import { DecoscopeError } from "../../base/errors";
import type { ParamsOf } from "../../base/params";
import type { RecurrenceFacts } from "../../models/model";
import type { MethodEvent } from "../../trace/events";
import type { DepthContext } from "./method";
import type { morParams } from "./mor_params";
import { fixedDepth } from "./params";
import type { DepthPolicy } from "./policy";
import { runDepth } from "./run_depth";

type Params = ParamsOf<typeof morParams>;

/** @throws DecoscopeError "method" for a model without a router */
export function morPolicy(params: Params, { router, trainedRecurrence }: RecurrenceFacts): DepthPolicy {
  if (!router)
    throw new DecoscopeError(
      "method",
      "Expected a model with a router that lets tokens into recursions, found one without. Choose another model.",
    );
  if (params.forceDepth > 0) return fixedDepth(Math.min(params.forceDepth, trainedRecurrence));
  const shared = { minRecurrence: 0, maxRecurrence: trainedRecurrence, checkEvery: 1 };
  if (router.choice === "token") return { ...shared, criterion: "choice", threshold: null };
  if (params.routing === "topk-text")
    return { ...shared, criterion: "gate-top", threshold: null, capacities: router.capacities };
  return { ...shared, criterion: "gate", threshold: params.threshold };
}

export function runMor(context: DepthContext<Params>): AsyncGenerator<MethodEvent, void, void> {
  const { session, params, detail } = context;
  const policy = morPolicy(params, session.model.recurrence);
  return runDepth(context, {
    policy,
    promptPolicy: policy,
    cache: params.cache,
    // The last layer has learned to read tokens of every depth.
    readsEach: detail === "full",
    promptReadsEach: false,
    origin: "embedding",
    promptOrigin: "embedding",
    isWholeText: policy.criterion === "gate-top",
  });
}
