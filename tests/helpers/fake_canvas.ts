/**
 * A canvas session in float64 over fake masked models of two layers. It keeps, for every slot, the token its row saw when it
 * was last computed, and a hash of all such tokens that it could see then. So a cache policy that reads something stale
 * gives another answer, and one that reads something never computed fails.
 */
import type {
  CanvasFacts,
  CanvasPass,
  CanvasSession,
  Judgement,
  PassResult,
} from "../../src/decoding/canvas/session";
import { readParams } from "../../src/base/params";
import { pcg4d } from "../../src/base/rng";
import type { MethodEvent, SamplerSettings } from "../../src/trace/events";
import type { Choose } from "../reference/choice";
import { logSoftmax, MASKED, proposal, rowStats, topK } from "../reference/row_stats";
import { tokenRank } from "../reference/token_ranks";
import type { FakeModel } from "./fake_session_models";
import { methodOf, SAMPLER } from "./fake_session_run";

export interface FakeMaskedModel extends CanvasFacts {
  /**
   * Logits [V] of the token at `position`, given what every position's row saw: its token, or the mask; and a hash of all
   * that it could see when it was computed.
   */
  logits(seen: readonly number[], position: number, states: readonly number[]): ArrayLike<number>;
}

/** Facts of a model of `vocabSize` tokens whose last one is the mask. */
export const maskedFacts = (vocabSize: number, endTokens: readonly number[] = []): CanvasFacts => ({
  id: `masked-${vocabSize}`,
  vocabSize,
  endTokens,
  maskToken: vocabSize - 1,
  blockSize: null,
  attention: "bidirectional",
  logitShift: 0,
  layerCount: 3,
});

/** Logits are hashes of the state of every slot and of the position: any stale or wrong row changes everything. */
export const hashMasked = (
  vocabSize: number,
  salt: number,
  options: {
    readonly spread?: number;
    readonly endTokens?: readonly number[];
    readonly logitShift?: 0 | 1;
    readonly attention?: CanvasFacts["attention"];
  } = {},
): FakeMaskedModel => ({
  ...maskedFacts(vocabSize, options.endTokens),
  logitShift: options.logitShift ?? 0,
  attention: options.attention ?? "bidirectional",
  logits(_, position, states) {
    const h = states.reduce((hash, state, p) => pcg4d(hash, state, p, salt)[0], salt);
    const { spread = 3 } = options;
    return Float64Array.from(
      { length: vocabSize },
      (_, x) => (pcg4d(h, x, position, salt)[0] / 2 ** 31 - 1) * spread,
    );
  },
});

/** One answer of a toy language with its weight. */
export type Answer = readonly [tokens: readonly number[], weight: number];

/**
 * The exact conditionals of a distribution over answers: the law at a masked position is that of the answers which agree
 * with everything visible. The canvas is the answer behind a prompt of one token.
 */
export const exactMasked = (vocabSize: number, answers: readonly Answer[]): FakeMaskedModel => ({
  ...maskedFacts(vocabSize),
  logits(seen, position) {
    const mask = vocabSize - 1;
    const mass = new Float64Array(vocabSize);
    for (const [tokens, weight] of answers)
      if (tokens.every((token, i) => seen[i + 1] === mask || seen[i + 1] === token))
        mass[tokens[position - 1]!]! += weight;
    // Text that no answer agrees with: every token alike.
    const isEmpty = mass.every((m) => m === 0);
    return mass.map((m) => (isEmpty ? 0 : m > 0 ? Math.log(m) : MASKED));
  },
});

/** What is alive, and what was done. */
export interface FakeCanvasCounts {
  live: number;
  inFlight: number;
  passes: number;
  rows: number;
  /** How often the row of each position was computed. */
  readonly computed: number[];
}

export interface FakeCanvasOptions {
  readonly model: FakeMaskedModel;
  readonly guider?: FakeModel | null;
  readonly seed?: number;
  readonly maxContext?: number;
  /** Draws proposals in place of noise, from the law at temperature 1. */
  readonly choose?: Choose;
}

export class FakeCanvasSession implements CanvasSession {
  readonly model: FakeMaskedModel;
  readonly guider: FakeModel | null;
  readonly maxContext: number;
  readonly seed: number;
  readonly counts: FakeCanvasCounts = { live: 1, inFlight: 0, passes: 0, rows: 0, computed: [] };
  private readonly stored: number[] = [];
  private readonly states: number[] = [];
  private readonly choose: Choose | null;

  constructor(options: FakeCanvasOptions) {
    this.choose = options.choose ?? null;
    this.model = options.model;
    this.guider = options.guider ?? null;
    this.maxContext = options.maxContext ?? 64;
    this.seed = options.seed ?? 1;
  }

  async denoise(pass: CanvasPass): Promise<PassResult> {
    const { counts, stored } = this;
    if (counts.live === 0) throw new Error("the session was disposed of");
    counts.inFlight++;
    try {
      await new Promise(setImmediate);
      const ascending = (list: readonly number[]): boolean =>
        list.every((p, i) => i === 0 || p > list[i - 1]!);
      if (!ascending(pass.query) || !ascending(pass.scored)) throw new Error("positions out of order");
      for (const p of pass.query) {
        stored[p] = pass.tokens[p]!;
        counts.computed[p] = (counts.computed[p] ?? 0) + 1;
      }
      for (const p of pass.query) this.states[p] = this.stateOf(pass, p);
      counts.passes++;
      counts.rows += pass.query.length;
      pass.tokens.forEach((_, p) => {
        if (stored[p] === undefined) throw new Error(`slot ${p} is visible and was never computed`);
      });
      return { scores: this.scores(pass), cost: { rows: pass.query.length, dispatches: 1 } };
    } finally {
      counts.inFlight--;
    }
  }

  /** What the row of `position` makes of the slots it sees. */
  private stateOf({ tokens, promptLength }: CanvasPass, position: number): number {
    const isIsolated = this.model.attention === "prompt_isolated" && position < promptLength;
    const seen = this.stored.slice(0, isIsolated ? promptLength : tokens.length);
    return seen.reduce(
      (hash, token, p) => pcg4d(hash, token, p, 1)[0],
      pcg4d(this.stored[position]!, position, 2, 3)[0],
    );
  }

  private scores(pass: CanvasPass): PassResult["scores"] {
    const fresh = new Set(pass.query);
    const rows = pass.scored.map((position) => {
      if (!fresh.has(Math.max(0, position - this.model.logitShift)))
        throw new Error(`position ${position} is scored but the row that speaks of it was not computed`);
      const { length } = pass.tokens;
      const raw = this.model.logits(this.stored.slice(0, length), position, this.states.slice(0, length));
      const row = Float64Array.from(raw, (z, x) => (pass.banned.includes(x) ? MASKED : z));
      const { temperature, step } = pass;
      const law = logSoftmax(row);
      const top = topK(law, pass.top).filter((x) => law[x]! > MASKED / 2);
      return {
        stats: rowStats(row),
        drawn: this.choose
          ? this.chosen(law, this.choose)
          : proposal(row, { seed: this.seed, step, position, temperature }),
        top: top.map((x) => [x, Math.min(0, law[x]!)] as const),
      };
    });
    return {
      positions: pass.scored,
      proposal: rows.map((r) => r.drawn.token),
      logprob: rows.map((r) => Math.min(0, r.drawn.logprob)),
      best: rows.map((r) => r.stats.argmax),
      second: rows.map((r) => r.stats.second ?? r.stats.argmax),
      gap: rows.map((r) => r.stats.gap),
      margin: rows.map((r) => r.stats.margin),
      entropy: rows.map((r) => r.stats.entropy),
      top: pass.top > 0 ? rows.map((r) => r.top) : [],
    };
  }

  private chosen(law: Float64Array, choose: Choose): { token: number; logprob: number } {
    const token = choose(Array.from(law, Math.exp), "proposal");
    return { token, logprob: law[token]! };
  }

  async judge(text: readonly number[], from: number): Promise<Judgement> {
    const { guider } = this;
    if (!guider) throw new Error("no guider");
    await new Promise(setImmediate);
    const rows = text.slice(from).map((token, i) => tokenRank(guider.logits(text.slice(0, from + i)), token));
    return {
      logprob: rows.map((r) => r.logprob),
      bestLogprob: rows.map((r) => r.bestLogprob),
      rank: rows.map((r) => r.rank),
      cost: { rows: rows.length, dispatches: 1 },
    };
  }

  dispose(): void {
    this.counts.live = 0;
  }
}

export interface FakeCanvasRun extends FakeCanvasOptions {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly sampler?: SamplerSettings;
  readonly prompt: readonly number[];
  readonly begin?: readonly (number | null)[];
  readonly firstStep?: number;
  readonly maxNewTokens: number;
  readonly detail?: "light" | "full";
}
export interface FakeCanvasResult {
  readonly events: MethodEvent[];
  /** The whole canvas in the end, prompt included. */
  readonly canvas: readonly number[];
  readonly counts: FakeCanvasCounts;
}

/** Starts a run; whoever calls disposes of the session. */
export function startCanvas(run: FakeCanvasRun): {
  readonly events: AsyncGenerator<MethodEvent, void, void>;
  readonly session: FakeCanvasSession;
} {
  const session = new FakeCanvasSession(run);
  const method = methodOf(run.method);
  const context = {
    session,
    params: readParams(method.params, run.params ?? {}).values,
    sampler: run.sampler ?? SAMPLER,
    promptTokens: run.prompt,
    begin: run.begin ?? [],
    firstStep: run.firstStep ?? 0,
    maxNewTokens: run.maxNewTokens,
    detail: run.detail ?? "full",
  };
  return { events: method.decode(context as never), session };
}

/** The canvas after events, by the events alone. */
export function foldTokens(events: readonly MethodEvent[]): number[] {
  let tokens: number[] = [];
  let mask = -1;
  for (const e of events) {
    if (e.kind === "canvas") [tokens, mask] = [[...e.tokens], e.mask];
    if (e.kind === "unmask") e.positions.forEach((p, i) => (tokens[p] = e.tokens[i]!));
    if (e.kind === "remask") for (const p of e.positions) tokens[p] = mask;
  }
  return tokens;
}

/** Runs to the end and disposes of the session. */
export async function runCanvas(run: FakeCanvasRun): Promise<FakeCanvasResult> {
  const { events: generator, session } = startCanvas(run);
  const events: MethodEvent[] = [];
  try {
    for await (const event of generator) events.push(event);
  } finally {
    session.dispose();
  }
  return { events, canvas: foldTokens(events), counts: session.counts };
}
