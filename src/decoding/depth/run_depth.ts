/** Token by token, each to a depth of its own: the loop that methods of recurrent depth share. */
import type { MethodEvent } from "../../trace/events";
import { checkPrompt } from "../prompt";
import { CANDIDATES, commitDraws, coreOf, depthCost, recurEvents } from "./events";
import type { DepthContext } from "./method";
import type { CachePolicy, DepthPolicy } from "./policy";
import type { DepthPass, DepthRow } from "./session";

export interface DepthPlan {
  readonly policy: DepthPolicy;
  /** Of the tokens before the last one of the prompt. */
  readonly promptPolicy: DepthPolicy;
  readonly cache: CachePolicy;
  /** Whether all rows are read out after every recurrence, and those of the prompt. */
  readonly readsEach: boolean;
  readonly promptReadsEach: boolean;
  /** How latents begin; those of the prompt's tokens are made together. */
  readonly origin: DepthRow["origin"];
  readonly promptOrigin: DepthRow["origin"];
  /** Every step runs the whole text anew: what a row does may depend on later ones. */
  readonly isWholeText: boolean;
}

/** @throws DecoscopeError as {@link checkPrompt} */
export async function* runDepth(
  context: DepthContext<unknown>,
  plan: DepthPlan,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, sampler, promptTokens, maxNewTokens, detail, firstStep } = context;
  checkPrompt(promptTokens, session.model, session.maxContext);
  const isFull = detail === "full";
  const { policy, isWholeText, readsEach, cache } = plan;
  const text = [...promptTokens];
  const row = (position: number): DepthRow => ({
    ...{ token: text[position]!, position, noise: 0, keep: 1, momentum: 0, fresh: 1 },
    origin: position < promptTokens.length - 1 ? plan.promptOrigin : plan.origin,
  });
  const rows = (from: number, to: number): DepthRow[] =>
    Array.from({ length: to - from }, (_, i) => row(from + i));
  const shared = { cache, compares: false, sampler, text };

  const prompt = promptTokens.length - 1;
  yield { kind: "prefill", step: 0, tokens: prompt };
  if (prompt > 0 && !isWholeText) {
    const pass: DepthPass = {
      ...shared,
      rows: rows(0, prompt),
      policy: plan.promptPolicy,
      reads: false,
      // What a prompt's token would have said next is known.
      readsEach: plan.promptReadsEach,
      top: 0,
      step: firstStep,
    };
    yield* recurEvents(0, pass, await session.run(pass));
  }
  for (let step = 0; step < maxNewTokens && text.length < session.maxContext; step++) {
    const position = text.length - 1;
    const pass: DepthPass = {
      ...shared,
      rows: rows(isWholeText ? 0 : position, text.length),
      policy,
      readsEach,
      reads: true,
      top: isFull ? Math.min(CANDIDATES, session.model.vocabSize) : 0,
      step: firstStep + step,
    };
    const result = await session.run(pass);
    const draw = result.rows.at(-1)!.draw!;
    yield* recurEvents(step, pass, result);
    if (isFull)
      yield { kind: "candidates", step, of: "target", node: null, position: position + 1, top: draw.top };
    yield commitDraws(step, position + 1, [draw]);
    yield depthCost(step, pass, result, coreOf(result));
    text.push(draw.token);
    if (session.model.endTokens.includes(draw.token)) return;
  }
}
