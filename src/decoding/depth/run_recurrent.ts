/** A core that repeats until its latent has settled, token by token. */
import type { ParamsOf } from "../../base/params";
import type { MethodEvent } from "../../trace/events";
import type { DepthContext } from "./method";
import { cacheOf, fixedDepth, policyOf, type policyParams } from "./params";
import { criteria } from "./policy";
import { runDepth } from "./run_depth";

export function runRecurrent(
  context: DepthContext<ParamsOf<typeof policyParams>>,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, params, promptTokens, detail } = context;
  const { recurrence } = session.model;
  const policy = policyOf(params, recurrence);
  const { readsOut } = criteria[params.criterion];
  // Latents before it in the same pass are not there yet: the prompt never starts warm.
  const cold = recurrence.looped ? "embedding" : params.start === "previous" ? "random" : params.start;
  const warm = recurrence.looped ? "embedding" : params.start;
  return runDepth(context, {
    policy,
    promptPolicy: params.exitInPrompt ? policy : fixedDepth(policy.maxRecurrence),
    cache: cacheOf(params.cache, recurrence),
    readsEach: detail === "full" || readsOut,
    promptReadsEach: params.exitInPrompt && readsOut,
    origin: promptTokens.length === 1 ? cold : warm,
    promptOrigin: cold,
    isWholeText: false,
  });
}
