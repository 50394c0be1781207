/** One token after another: a pass, a draw, a commit. */
import { CANDIDATES, commitEvent, costEvent, plainCandidates, targetSlots } from "./round_events";
import type { MethodEvent } from "../trace/events";
import type { MethodContext } from "./method";
import type { AutoregressiveParams } from "./autoregressive";
import { prefillPrompt, runRounds } from "./rounds";
import type { Readable, RoundOutcome, TopTokens } from "./session";

/** What a round reads back: "topTarget" only where candidates are shown. */
type Reads = {
  readonly outcome: Readable<RoundOutcome>;
  readonly [top: `top${string}`]: Readable<TopTokens>;
};

/** Rounds of plain decoding, some ahead of what is read back where only the text is shown. */
export async function* drawRounds(
  context: MethodContext<AutoregressiveParams>,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, sampler } = context;
  const isFull = context.detail === "full";
  yield* prefillPrompt(context);
  const program = await session.record((ops): Reads => {
    const laws = ops.forward("target", ops.committedTail(1), sampler);
    const shown = isFull ? { topTarget: ops.top(laws, Math.min(CANDIDATES, session.target.vocabSize)) } : {};
    return { ...shown, outcome: ops.commitSample(laws) };
  });
  const pace = isFull ? { perRun: 1, inFlight: 1 } : { perRun: context.params.runAhead, inFlight: 2 };
  for await (const { values, transfers } of runRounds(program, { ...pace, most: context.maxNewTokens })) {
    const { outcome, topTarget } = values;
    if (topTarget) yield plainCandidates(outcome.step, outcome.n, topTarget);
    yield commitEvent(outcome);
    yield targetSlots({ nodes: [], ids: [0], origins: [0], outcome }, 1);
    yield costEvent(outcome.step, program.cost, transfers);
  }
}
