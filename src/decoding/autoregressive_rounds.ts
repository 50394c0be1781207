/** One token after another: a pass, a draw, a commit. */
import { CANDIDATES, commitEvent, costEvent, plainCandidates, targetSlots, topOfRow } from "./round_events";
import type { MethodEvent } from "../trace/events";
import type { MethodContext } from "./method";
import type { AutoregressiveParams } from "./autoregressive";
import { prefillPrompt, runRounds, type Pace } from "./rounds";
import type { AllowedTokens, Readable, RoundOutcome, TopTokens } from "./session";

/** What a round reads back: "topTarget" only where candidates are shown, "topPlain" and "drawn" where laws are asked for. */
type Reads = {
  readonly outcome: Readable<RoundOutcome>;
  readonly [top: `top${string}`]: Readable<TopTokens>;
  readonly [drawn: `drawn${string}`]: Readable<number>;
};

function paceOf({
  detail,
  filter,
  params,
  maxNewTokens,
}: Pick<MethodContext<AutoregressiveParams>, "detail" | "filter" | "params" | "maxNewTokens">): Pace {
  // A filter must see a token before the next one is drawn.
  const isStepwise = detail === "full" || filter != null;
  return {
    ...(isStepwise ? { perRun: 1, inFlight: 1 } : { perRun: params.runAhead, inFlight: 2 }),
    most: maxNewTokens,
  };
}

/** Rounds of plain decoding, some ahead of what is read back where only the text is shown. */
export async function* drawRounds(
  context: MethodContext<AutoregressiveParams>,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, sampler, filter = null, laws: listener = null } = context;
  const { vocabSize } = session.target;
  yield* prefillPrompt(context);
  if (filter)
    yield {
      kind: "warning",
      step: 0,
      message: `${filter.label}: tokens that it rules out have no probability.`,
    };
  const held: { allowed: AllowedTokens | null } = { allowed: null };
  const program = await session.record((ops): Reads => {
    const rows = ops.committedTail(1);
    held.allowed = filter && ops.allowedTokens();
    const laws = ops.forward("target", rows, sampler, undefined, held.allowed ?? undefined);
    const plain = listener && ops.plain(rows);
    const tops = {
      ...(context.detail === "full" && { topTarget: ops.top(laws, Math.min(CANDIDATES, vocabSize)) }),
      ...(plain && { topPlain: ops.top(plain, Math.min(Math.max(1, listener.count), vocabSize)) }),
    };
    // Nothing but what was drawn can be asked after the commit.
    const outcome = ops.commitSample(laws);
    return { ...tops, outcome, ...(plain && { drawn: ops.drawn(plain) }) };
  });
  const restrict = (): void => held.allowed?.set(filter!.allowed());
  restrict();
  for await (const { values, transfers } of runRounds(program, paceOf(context))) {
    const { outcome, topTarget, topPlain, drawn } = values;
    if (topTarget) yield plainCandidates(outcome.step, outcome.n, topTarget);
    const token = outcome.tokens[0];
    if (listener && topPlain && token !== undefined)
      listener.hear(token, Math.min(0, drawn!), topOfRow(topPlain, 0).slice(0, listener.count));
    yield commitEvent(outcome);
    yield targetSlots({ nodes: [], ids: [0], origins: [0], outcome }, 1);
    yield costEvent(outcome.step, program.cost, transfers);
    if (!filter || token === undefined) continue;
    filter.push(token);
    if (outcome.stop !== "none") continue;
    if (filter.isOver) return;
    restrict();
  }
}
