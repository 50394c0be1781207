/**
 * The diffusion-forcing sampler: a wave of positions is refined together, each with the token that the latent before it
 * would say now; a position is frozen when its latent has stopped moving.
 * @see Geiping, Yang and Su 2025, Efficient Parallel Samplers for Recurrent-Depth Models, algorithm 1
 */
import { DecoscopeError } from "../../base/errors";
import { Purpose, randomU32 } from "../../base/rng";
import type { ParamsOf } from "../../base/params";
import type { MethodEvent } from "../../trace/events";
import { checkPrompt } from "../prompt";
import { CANDIDATES, commitDraws, depthCost, recurEvents } from "./events";
import type { DepthContext } from "./method";
import { fixedDepth, recurrencesOf } from "./params";
import type { DepthPass, DepthResult, DepthRow, Draw } from "./session";
import type { wavefrontParams } from "./wavefront_params";

type Params = ParamsOf<typeof wavefrontParams>;

/** What is kept of a position from step to step. */
interface Latent {
  /** Recurrences it has had, steps in a row that drafted the same token behind it. */
  recurrences: number;
  unchanged: number;
  /** Whether a step before left a latent and an embedding. */
  isKnown: boolean;
}

/** Positions that are worked on: `anchor` is the last frozen one, and tokens[anchor + 1 ..] are drafts. */
interface Wave {
  /** Frozen tokens and drafts. */
  tokens: number[];
  anchor: number;
  /** From the anchor on. */
  latents: Latent[];
}

const fresh = (): Latent => ({ recurrences: 0, unchanged: 0, isKnown: false });

/** Share of noise, and of the latent as it was. */
function noiseOf(
  { stateNoise, noiseSchedule }: Params,
  { recurrences }: Latent,
): { noise: number; keep: number } {
  const b = noiseSchedule === "constant" ? stateNoise : stateNoise / (1 + recurrences);
  return noiseSchedule === "variance"
    ? { noise: Math.sqrt(b), keep: Math.sqrt(1 - b) }
    : { noise: b, keep: 1 - b };
}

function rowOf(params: Params, wave: Wave, i: number): DepthRow {
  const latent = wave.latents[i]!;
  const position = wave.anchor + i;
  const momentum = latent.isKnown ? params.emaEmbeds : 0;
  const isWarm = params.initNew === "previous" && i > 0;
  return {
    token: wave.tokens[position]!,
    position,
    origin: latent.isKnown ? "kept" : isWarm ? "previous" : "random",
    ...noiseOf(params, latent),
    momentum,
    // The release gives new positions no more of their embedding than old ones.
    fresh: params.asReleased ? 1 - params.emaEmbeds : 1 - momentum,
  };
}

/** Whether each latent of the wave is done. */
function settled(
  params: Params,
  wave: Wave,
  result: DepthResult,
  draws: readonly Draw[],
  budget: number,
): readonly boolean[] {
  return wave.latents.map((latent, i) => {
    if (latent.recurrences >= params.recurrenceCap) return true;
    // The token it was computed with must be the one that the latent before it says now; the anchor's is frozen.
    const position = wave.anchor + i;
    if (params.requireUnchanged && i > 0 && draws[i - 1]!.token !== wave.tokens[position]) return false;
    // A position's token is drafted by the latent before it.
    if (params.freeze === "token-stability") return i === 0 || wave.latents[i - 1]!.unchanged > budget;
    const { change, acceleration } = result.rows[i]!;
    if (params.freeze === "latent-acceleration")
      return acceleration !== null && acceleration < params.exitThreshold;
    return change !== null && change < params.exitThreshold;
  });
}

/** First position without a frozen token after a step. */
function frozenTo(params: Params, wave: Wave, ok: readonly boolean[], step: number, budget: number): number {
  const from = wave.anchor + 1;
  const last = wave.anchor + wave.latents.length;
  if (params.freeze === "fixed")
    return step >= Math.ceil(budget) ? Math.min(last, from + params.headway) : from;
  const isFurthest = params.asReleased || params.freezeRule === "furthest";
  const unsettled = ok.indexOf(false);
  const count = isFurthest ? ok.lastIndexOf(true) + 1 : unsettled < 0 ? ok.length : unsettled;
  return Math.max(from, wave.anchor + count);
}

/** @throws DecoscopeError as {@link checkPrompt}, or "method" for a model whose core does not look at the embedding again */
export async function* runWavefront(context: DepthContext<Params>): AsyncGenerator<MethodEvent, void, void> {
  const { session, params, sampler, promptTokens, maxNewTokens, firstStep } = context;
  checkPrompt(promptTokens, session.model, session.maxContext);
  if (session.model.recurrence.looped)
    throw new DecoscopeError(
      "method",
      "Expected a model whose core reads the embedding again in every recurrence, so that a draft can be corrected; " +
        `${session.model.id} loops over what the first embedding left. Choose another model or method.`,
    );
  const { endTokens, vocabSize } = session.model;
  const most = recurrencesOf(params.prefillRecurrence, session.model.recurrence);
  const inner = Math.min(params.innerRecurrence, most);
  /** Steps' worth of the prompt's recurrences: what `fixed` and `token-stability` wait. */
  const budget = most / inner;
  const length = Math.min(session.maxContext, promptTokens.length + maxNewTokens);
  const top = context.detail === "full" ? Math.min(CANDIDATES, vocabSize) : 0;
  const shared = { cache: "latest", reads: true, readsEach: false, top, sampler } as const;

  const prompt: DepthPass = {
    ...shared,
    rows: promptTokens.map((token, position) => ({
      ...{ token, position, origin: "random", noise: 0, keep: 1, momentum: 0, fresh: 1 },
    })),
    policy: fixedDepth(most),
    compares: false,
    text: promptTokens,
    step: firstStep,
  };
  const read = await session.run(prompt);
  yield { kind: "prefill", step: 0, tokens: promptTokens.length };
  yield* recurEvents(0, prompt, read);
  const first = read.rows.at(-1)!.draw!;
  yield commitDraws(0, promptTokens.length, [first]);
  // All rows but the last are the prompt's, which no cost counts.
  yield { ...depthCost(0, prompt, read, { forwards: most, rows: most }), targetRows: 1 };
  if (endTokens.includes(first.token)) return;

  const wave: Wave = {
    tokens: [...promptTokens, first.token],
    anchor: promptTokens.length,
    latents: [fresh()],
  };
  const accelerates = params.freeze === "latent-acceleration";
  /** Steps that the release compares with the wrong positions after a freeze. */
  const misaligned = !params.asReleased ? 0 : accelerates ? 2 : params.freeze === "latent-diff" ? 1 : 0;
  let sinceFreeze = Infinity;
  for (let step = 1; wave.anchor + 1 < length; step++) {
    const { anchor } = wave;
    const width = wave.latents.length;
    const pass: DepthPass = {
      ...shared,
      rows: wave.latents.map((_, i) => rowOf(params, wave, i)),
      policy: fixedDepth(inner),
      compares: true,
      accelerates,
      text: wave.tokens.slice(0, anchor + 1),
      step: firstStep + step,
    };
    const result = await session.run(pass);
    const draws = result.rows.map((row) => row.draw!);
    const wasKnown = wave.latents.map((latent) => latent.isKnown);
    wave.latents.forEach((latent, i) => {
      latent.recurrences += inner;
      latent.unchanged = draws[i]!.token === wave.tokens[anchor + 1 + i] ? latent.unchanged + 1 : 0;
      latent.isKnown = true;
    });
    const ok = settled(params, wave, result, draws, budget);
    // Comparing different positions as good as never freezes anything.
    const to =
      sinceFreeze < misaligned ? anchor + 1 : Math.min(length, frozenTo(params, wave, ok, step, budget));
    const added = Math.max(0, Math.min(params.headway, params.maxWavefront - width, length - anchor - width));
    yield {
      kind: "wave",
      step,
      anchor,
      width,
      draftFrom: anchor + 1,
      tokens: draws.map((draw) => draw.token),
      relChange: result.rows.map((row, i) => (wasKnown[i] ? row.change : null)),
      ...(accelerates ? { acceleration: result.rows.map((row) => row.acceleration) } : {}),
      unchanged: wave.latents.map((latent) => latent.unchanged),
      recurrences: wave.latents.map((latent) => latent.recurrences),
      frozenTo: to,
      added,
    };
    if (top > 0)
      yield { kind: "candidates", step, of: "target", node: null, position: anchor + 1, top: draws[0]!.top };
    const frozen = draws.slice(0, to - anchor - 1);
    // The release looks for ends only after as many steps as the prompt had recurrences.
    const looksForEnd = !params.asReleased || step > most;
    const end = looksForEnd ? frozen.findIndex((draw) => endTokens.includes(draw.token)) : -1;
    const kept = end < 0 ? frozen : frozen.slice(0, end + 1);
    if (kept.length > 0) yield commitDraws(step, anchor + 1, kept);
    for (let i = 0; i < kept.length; i++) yield doneWith(params, wave, i, step, ok[i]!);
    yield depthCost(step, pass, result, { forwards: inner, rows: width * inner });
    if (end >= 0) return;

    sinceFreeze = frozen.length > 0 ? 0 : sinceFreeze + 1;
    const random = (position: number): number =>
      randomU32({
        seed: session.seed,
        step: firstStep + step,
        purpose: Purpose.RANK,
        node: position,
        sibling: 0,
        index: 0,
      }) % vocabSize;
    const drafts = draws.map((draw) => draw.token);
    wave.tokens = [...wave.tokens.slice(0, anchor + 1), ...drafts];
    for (let i = 0; i < added; i++) wave.latents.push(fresh());
    while (wave.tokens.length < anchor + wave.latents.length) wave.tokens.push(random(wave.tokens.length));
    wave.latents.splice(0, to - 1 - anchor);
    wave.anchor = to - 1;
  }
}

/** What became of latent i, which is needed no more. */
function doneWith(params: Params, wave: Wave, i: number, step: number, isSettled: boolean): MethodEvent {
  const depth = wave.latents[i]!.recurrences;
  const reason = !isSettled ? "forced" : depth >= params.recurrenceCap ? "cap" : "converged";
  const maxDepth = Math.max(depth, params.recurrenceCap);
  return { kind: "depth", step, position: wave.anchor + i, depth, maxDepth, reason };
}
