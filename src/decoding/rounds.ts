/** Runs a recorded program round after round, some rounds ahead of what was read back, until the text ends. */
import type { ParamsSchema } from "../base/params";
import type { MethodEvent } from "../trace/events";
import type { MethodContext } from "./method";
import { checkPrompt } from "./prompt";
import type { Program, RoundOutcome } from "./session";

/** How far the device may run ahead of the events that were pulled. */
export interface Pace {
  /** Rounds of one submit and one readback. */
  readonly perRun: number;
  /** Runs in flight while one waits for results; 1 starts nothing that was not asked for. */
  readonly inFlight: number;
  /** Most rounds that can be needed: each commits a token or more. */
  readonly most: number;
}

/** What one round read back, and its share of the submits and readbacks. */
export interface Round<T> {
  readonly values: T;
  readonly transfers: 0 | 1;
}

/**
 * Yields every round that did something, in order, and returns after the one that ended the text. Whoever stops
 * early leaves nothing running: rounds in flight are waited for.
 */
export async function* runRounds<T extends { readonly outcome: RoundOutcome }>(
  program: Program<T>,
  pace: Pace,
): AsyncGenerator<Round<T>, void, void> {
  const flying: Promise<readonly T[]>[] = [];
  let submitted = 0;
  try {
    for (;;) {
      while (flying.length < pace.inFlight && submitted < pace.most) {
        const times = Math.min(pace.perRun, pace.most - submitted);
        const run = program.run(times);
        run.catch(() => undefined); // it is awaited later; until then its failure is not an unhandled one
        flying.push(run);
        submitted += times;
      }
      const next = flying[0];
      if (!next) return;
      const results = await next;
      void flying.shift();
      for (const [i, values] of results.entries()) {
        if (!values.outcome.active) return;
        yield { values, transfers: i === 0 ? 1 : 0 };
        if (values.outcome.stop !== "none") return;
      }
    }
  } finally {
    await Promise.allSettled(flying);
  }
}

/**
 * Runs the prompt through the models and says so; the first events of every method.
 * @throws DecoscopeError as {@link checkPrompt}
 */
export async function* prefillPrompt(
  context: Pick<MethodContext<ParamsSchema>, "session" | "promptTokens">,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, promptTokens } = context;
  checkPrompt(promptTokens, session.target, session.maxContext);
  await session.prefill(promptTokens);
  yield { kind: "prefill", step: 0, tokens: promptTokens.length - 1 };
}
