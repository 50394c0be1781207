/** The loop of every denoising method: pass, scores, rank, commit; the parts say how. */
import { DecoscopeError } from "../../base/errors";
import type { MethodEvent, SamplerSettings } from "../../trace/events";
import { rangesOf } from "../../trace/canvas_events";
import { Canvas } from "./canvas";
import { requireProgress } from "./commit";
import { candidatesAsked, costOf, judgeEvent, scoresEvent, unmaskEvent } from "./events";
import { type Moment, type Parts, type RemaskPolicy, type Row, rowsOf } from "./parts";
import type { CanvasFacts, CanvasSession, PassCost, PassResult } from "./session";

/** What a run is given. */
export interface CanvasContext {
  readonly session: CanvasSession;
  readonly sampler: SamplerSettings;
  readonly promptTokens: readonly number[];
  /** What stands behind the prompt from the start; null for positions to fill in. Counts towards `maxNewTokens`. */
  readonly begin?: readonly (number | null)[];
  /** Step whose random numbers the first one draws; 0 if left out. */
  readonly firstStep?: number;
  /** Most positions behind the prompt. */
  readonly maxNewTokens: number;
  readonly detail: "light" | "full";
}

/** Priority of rows that may not be committed in a step. */
const NEVER = -1e30;

const byPriority = (a: Row, b: Row): number => b.priority - a.priority || a.position - b.position;

/** Banned tokens a pass has room for. */
const MAX_BANNED = 4;

/** Tokens never proposed. @throws DecoscopeError "method" if there are too many of them */
function bannedBy(ending: Parts["ending"], { id, maskToken, endTokens }: CanvasFacts): number[] {
  const banned = ending === "ban" ? [maskToken, ...endTokens] : [maskToken];
  if (banned.length > MAX_BANNED)
    throw new DecoscopeError(
      "method",
      `Expected a model with at most ${MAX_BANNED - 1} end tokens where none may be proposed, found ${endTokens.length} of ${id}. Let the text end as proposed, or last.`,
    );
  return banned;
}

/** What sampling settings of a growing text have no meaning here; null if all are left alone. */
function unusedSettings({ topK, topP, minP, repetitionPenalty }: SamplerSettings): string | null {
  const unused = [
    topK !== 0 && "top-k",
    topP !== 1 && "top-p",
    minP !== 0 && "min-p",
    repetitionPenalty !== 1 && "the repetition penalty",
  ].filter((name) => name !== false);
  return unused.length > 0 ? `Denoising draws from the whole law: ${unused.join(", ")} had no effect.` : null;
}

/** The run of one canvas: state between steps, and one method for each thing a step does. */
class Denoising {
  private readonly isFull: boolean;
  private readonly banned: readonly number[];
  passes = 0;

  constructor(
    private readonly context: CanvasContext,
    private readonly parts: Parts,
    private readonly canvas: Canvas,
  ) {
    this.isFull = context.detail === "full";
    this.banned = bannedBy(parts.ending, context.session.model);
  }

  moment(step: number): Moment {
    const { model, seed } = this.context.session;
    const region = this.parts.schedule.region(this.canvas);
    return { canvas: this.canvas, model, seed, step, draw: step + (this.context.firstStep ?? 0), region };
  }

  /** Rows of a pass that reports on `scored`: where logits are shifted, the row before speaks of a position. */
  withSpeakers(query: readonly number[], scored: readonly number[]): readonly number[] {
    const { logitShift } = this.context.session.model;
    if (logitShift === 0) return query;
    const speaking = scored.map((p) => Math.max(0, p - logitShift));
    return [...new Set([...query, ...speaking])].sort((a, b) => a - b);
  }

  /** One pass over `query`; reports on the masked positions among `scored`. */
  pass(m: Moment, query: readonly number[], scored: readonly number[]): Promise<PassResult> {
    const { session, sampler } = this.context;
    const { model } = session;
    this.passes++;
    return session.denoise({
      tokens: this.canvas.tokens,
      promptLength: this.canvas.promptLength,
      query,
      scored,
      banned: this.banned,
      temperature: sampler.temperature,
      step: m.draw,
      top: this.isFull ? candidatesAsked(model.vocabSize) : 0,
    });
  }

  /** Rows with priorities; those outside the region have none. */
  ranked(result: PassResult, m: Moment): Row[] {
    const { rank, reweight, ending } = this.parts;
    const { start, end } = m.region;
    return rowsOf(result.scores).map((row) => {
      if (row.position < start || row.position >= end) return { ...row, priority: NEVER };
      let priority = rank(row, m);
      for (const change of reweight) priority = change.apply({ ...row, priority }, m);
      // Still above what may not be committed at all.
      if (ending === "delay" && m.model.endTokens.includes(row.token)) priority -= 1e20;
      return { ...row, priority };
    });
  }

  /** Masks again what the policy says. */
  *remask(m: Moment, policy: RemaskPolicy): Generator<MethodEvent> {
    const { canvas } = this;
    const fresh = new Set(canvas.tokens.flatMap((_, p) => (canvas.committedAt[p] === m.step ? [p] : [])));
    const positions = [...policy.select(m, fresh)].sort((a, b) => a - b);
    if (positions.length === 0) return;
    for (const position of positions) canvas.remask(position);
    yield { kind: "remask", step: m.step, positions, reason: policy.reason };
  }

  *commit(rows: readonly Row[], reason: Parts["commit"]["reason"], step: number): Generator<MethodEvent> {
    if (rows.length === 0) return;
    const ordered = [...rows].sort((a, b) => a.position - b.position);
    for (const row of ordered) this.canvas.commit(row.position, row.token, step);
    yield unmaskEvent(ordered, reason, step);
  }

  /** Everything behind the end of the text is filled with it: nothing there is text. */
  *fillEnd(step: number): Generator<MethodEvent> {
    const { endTokens } = this.context.session.model;
    const end = this.canvas.endOfText(endTokens);
    if (end === null) return;
    const token = this.canvas.tokens[end]!;
    const rows = this.canvas.masked(end).map((position) => ({ position, token, logprob: 0 }));
    if (rows.length === 0) return;
    for (const { position } of rows) this.canvas.commit(position, token, step);
    yield unmaskEvent(rows, "end_fill", step);
  }
}

/**
 * Decodes by filling a canvas of masks. Yields `canvas`, then for each step `denoise`, what was scored and decided, and
 * what it cost; ends when nothing is masked.
 * @throws DecoscopeError "method" for an empty prompt, "limit" for one that leaves no room
 */
export async function* denoise(
  context: CanvasContext,
  partsFor: (canvas: Canvas) => Parts,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, promptTokens, maxNewTokens } = context;
  const { model } = session;
  const canvas = Canvas.open(promptTokens, maxNewTokens, model.maskToken, session.maxContext, context.begin);
  const parts = partsFor(canvas);
  const run = new Denoising(context, parts, canvas);
  const isFull = context.detail === "full";
  yield {
    kind: "canvas",
    step: 0,
    tokens: [...canvas.tokens],
    masked: rangesOf(canvas.masked()),
    mask: model.maskToken,
    layers: model.layerCount,
    planned: parts.schedule.planned(canvas),
  };
  const unused = unusedSettings(context.sampler);
  if (unused) yield { kind: "warning", step: 0, message: unused };

  /** Everything left is to be committed, and this step sees all of it. */
  let isAllIn = false;
  for (let step = 0; canvas.masked().length > 0 || parts.remask?.goesOn(step); step++) {
    const m = run.moment(step);
    const { start, end } = m.region;
    const ahead = parts.commit.ahead?.(m) ?? null;
    const block: [number, number] = [start, end];
    const isSettled = canvas.masked().length === 0;
    if (isSettled || (ahead?.length === 0 && parts.reuse && !isAllIn)) {
      yield { kind: "denoise", step, block, computed: [], refreshed: false, reused: true };
      if (parts.probe)
        yield { kind: "probe", step, name: parts.probe.name, values: parts.probe.values(m, run.passes) };
      if (parts.remask) yield* run.remask(m, parts.remask);
      yield costOf(step, null, []);
      continue;
    }
    const all = canvas.tokens.map((_, p) => p);
    const wanted = isAllIn ? all : parts.cache.query(m, ahead);
    const fresh = new Set(wanted);
    const seen = isAllIn || parts.stop ? canvas.masked() : canvas.masked(start, end);
    const scored = seen.filter((p) => fresh.has(p));
    const query = run.withSpeakers(wanted, scored);
    const result = await run.pass(m, query, scored);
    const rows = run.ranked(result, m);
    yield {
      kind: "denoise",
      step,
      block,
      computed: rangesOf(query),
      refreshed: query.length === canvas.length,
      reused: false,
    };
    if (isFull) yield scoresEvent(step, result.scores, rows);
    for (const change of parts.reweight)
      yield { kind: "probe", step, name: change.name, values: change.begin(m) };
    if (parts.probe)
      yield { kind: "probe", step, name: parts.probe.name, values: parts.probe.values(m, run.passes) };

    let isEnough = isAllIn;
    if (parts.stop && !isAllIn) {
      const { values, ...decision } = parts.stop.decide(rows, m);
      yield { kind: "probe", step, name: parts.stop.name, values };
      isEnough = decision.isEnough;
    }
    let judging: readonly PassCost[] = [];
    if (isEnough && rows.length === canvas.masked().length) yield* run.commit(rows, "all_in", step);
    else if (isEnough) {
      // Some masked positions were not looked at: the next step looks at all of them, then commits them.
      isAllIn = true;
    } else {
      const own = rows.filter((row) => row.position >= start && row.position < end).sort(byPriority);
      let chosen = parts.commit.select(own, m);
      requireProgress(chosen, parts.commit);
      if (parts.verify) {
        const { judged, ...verdict } = await parts.verify(chosen, m);
        yield judgeEvent(step, judged);
        chosen = verdict.rows;
        judging = verdict.costs;
      }
      yield* run.commit(chosen, parts.commit.reason, step);
    }
    // Where tokens may be masked again, an end is no end yet.
    if (parts.remask) yield* run.remask(m, parts.remask);
    else yield* run.fillEnd(step);
    yield costOf(step, result.cost, judging);
  }
}
