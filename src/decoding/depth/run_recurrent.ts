/** Token by token, each to its own depth. */
import type { ParamsOf } from "../../base/params";
import type { MethodEvent } from "../../trace/events";
import { checkPrompt } from "../prompt";
import { CANDIDATES, commitDraws, coreOf, depthCost, recurEvents } from "./events";
import type { DepthContext } from "./method";
import { criteria } from "./policy";
import { fixedDepth, policyOf, type policyParams } from "./params";
import type { DepthPass, DepthRow } from "./session";

/** @throws DecoscopeError as {@link checkPrompt} */
export async function* runRecurrent(
  context: DepthContext<ParamsOf<typeof policyParams>>,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, params, sampler, promptTokens, maxNewTokens, detail, firstStep } = context;
  checkPrompt(promptTokens, session.model, session.maxContext);
  const isFull = detail === "full";
  const policy = policyOf(params, session.model.recurrence);
  const text = [...promptTokens];
  const row = (position: number, origin: DepthRow["origin"]): DepthRow => ({
    ...{ token: text[position]!, position, origin, noise: 0, keep: 1, momentum: 0, fresh: 1 },
  });
  const readsEach = isFull || criteria[params.criterion].readsOut;
  const shared = { cache: params.cache, readsEach, compares: false, sampler, text };

  const prompt = promptTokens.slice(0, -1);
  yield { kind: "prefill", step: 0, tokens: prompt.length };
  if (prompt.length > 0) {
    const pass: DepthPass = {
      ...shared,
      // Latents before it in the same pass are not there yet: the prompt never starts warm.
      rows: prompt.map((_, position) => row(position, params.start === "previous" ? "random" : params.start)),
      policy: params.exitInPrompt ? policy : fixedDepth(policy.maxRecurrence),
      reads: false,
      // What a prompt's token would have said next is known.
      readsEach: params.exitInPrompt && criteria[params.criterion].readsOut,
      top: 0,
      step: firstStep,
    };
    yield* recurEvents(0, pass, await session.run(pass));
  }
  for (let step = 0; step < maxNewTokens && text.length < session.maxContext; step++) {
    const position = text.length - 1;
    const pass: DepthPass = {
      ...shared,
      rows: [row(position, position === 0 && params.start === "previous" ? "random" : params.start)],
      policy,
      reads: true,
      top: isFull ? Math.min(CANDIDATES, session.model.vocabSize) : 0,
      step: firstStep + step,
    };
    const result = await session.run(pass);
    const draw = result.rows[0]!.draw!;
    yield* recurEvents(step, pass, result);
    if (isFull)
      yield { kind: "candidates", step, of: "target", node: null, position: position + 1, top: draw.top };
    yield commitDraws(step, position + 1, [draw]);
    yield depthCost(step, pass, result, coreOf(result));
    text.push(draw.token);
    if (session.model.endTokens.includes(draw.token)) return;
  }
}
