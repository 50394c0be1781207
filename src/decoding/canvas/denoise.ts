/** The loop of every denoising method: skip or look, decide, settle; the parts say how. */
import type { MethodEvent, SamplerSettings } from "../../trace/events";
import { rangesOf } from "../../trace/canvas_events";
import { Canvas } from "./canvas";
import { candidatesAsked, costOf, judgeEvent, scoresEvent, unmaskEvent } from "./events";
import { type Moment, type Parts, type Region, type RemaskPolicy, type Row, rowsOf } from "./parts";
import type { CanvasSession, PassCost, PassResult, Scores } from "./session";
import { bannedBy, unusedSettings } from "./settings";

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
/** Taken from the priority of end tokens that go last: they stay above what may not be committed at all. */
const LAST = 1e20;

const byPriority = (a: Row, b: Row): number => b.priority - a.priority || a.position - b.position;

const isIn =
  ({ start, end }: Region) =>
  ({ position }: Pick<Row, "position">): boolean =>
    position >= start && position < end;

/** What a pass showed of the canvas. */
interface Look {
  /** Of the masked positions it reports on, with priorities. */
  readonly rows: readonly Row[];
  readonly cost: PassCost;
}

/** The run of one canvas: state between steps, and one method for each thing a step does. */
class Denoising {
  private readonly isFull: boolean;
  private readonly banned: readonly number[];
  /** Steps after which everything left is committed: as many as planned, or one for each masked position. */
  readonly most: number;
  private passes = 0;
  /** Everything left is to be committed, by a step that sees all of it. */
  private isAllIn = false;

  constructor(
    private readonly context: CanvasContext,
    private readonly parts: Parts,
    private readonly canvas: Canvas,
  ) {
    this.isFull = context.detail === "full";
    this.banned = bannedBy(parts.ending, context.session.model);
    this.most = parts.schedule.planned(canvas) ?? canvas.masked().length;
  }

  /** One step: from what it works on to what it cost. */
  async *step(step: number): AsyncGenerator<MethodEvent, void, void> {
    const { canvas, parts } = this;
    const left = canvas.masked().length;
    if (step >= this.most && left > 0 && !this.isAllIn) {
      yield { kind: "warning", step, message: outOfSteps(this.most, left) };
      this.isAllIn = true;
    }
    const m = this.moment(step);
    const ahead = parts.commit.ahead?.(m) ?? null;
    const isIdle = ahead?.length === 0 && parts.reuse && !this.isAllIn;
    if (left === 0 || isIdle) yield* this.skip(m);
    else {
      const { rows, cost } = yield* this.look(m, ahead);
      const judging = yield* this.decide(rows, m);
      yield* this.settle(m);
      yield costOf(step, cost, judging);
    }
  }

  private moment(step: number): Moment {
    const { model, seed } = this.context.session;
    const region = this.parts.schedule.advance(this.canvas);
    return { canvas: this.canvas, model, seed, step, draw: step + (this.context.firstStep ?? 0), region };
  }

  /** A step without a pass: the canvas is as the last one saw it, or nothing is masked. */
  private *skip(m: Moment): Generator<MethodEvent> {
    const { step, region } = m;
    const block: [number, number] = [region.start, region.end];
    yield { kind: "denoise", step, block, computed: [], refreshed: false, reused: true };
    yield* this.probe(m);
    if (this.parts.remask) yield* this.remask(m, this.parts.remask);
    yield costOf(step, null, []);
  }

  /** The pass of a step, and what it says: of the region's masked positions, or of all if more than that is decided. */
  private async *look(m: Moment, ahead: readonly number[] | null): AsyncGenerator<MethodEvent, Look, void> {
    const { canvas, parts } = this;
    const { step, region } = m;
    const computed = this.isAllIn ? canvas.tokens.map((_, p) => p) : parts.cache.query(m, ahead);
    const isComputed = new Set(computed);
    const asked = this.isAllIn || parts.stop ? canvas.masked() : canvas.masked(region.start, region.end);
    const scored = asked.filter((p) => isComputed.has(p));
    const query = this.withSpeakers(computed, scored);
    const { scores, cost } = await this.pass(m, query, scored);
    const rows = this.ranked(scores, m);
    yield {
      kind: "denoise",
      step,
      block: [region.start, region.end],
      computed: rangesOf(query),
      refreshed: query.length === canvas.length,
      reused: false,
    };
    if (this.isFull) yield scoresEvent(step, scores, rows);
    for (const change of parts.reweight)
      yield { kind: "probe", step, name: change.name, values: change.probe(m) };
    yield* this.probe(m);
    return { rows, cost };
  }

  /** Commits what the parts say. @returns passes of the guider that had a say */
  private async *decide(
    rows: readonly Row[],
    m: Moment,
  ): AsyncGenerator<MethodEvent, readonly PassCost[], void> {
    const { canvas, parts } = this;
    const { step } = m;
    if (parts.stop && !this.isAllIn) {
      const { values, isEnough } = parts.stop.decide(rows, m);
      yield { kind: "probe", step, name: parts.stop.name, values };
      this.isAllIn = isEnough;
    }
    if (this.isAllIn) {
      // Where some masked positions were not looked at, the next step looks at all of them and commits them then.
      if (rows.length === canvas.masked().length) yield* this.commit(rows, "all_in", step);
      return [];
    }
    const chosen = parts.commit.select(rows.filter(isIn(m.region)).sort(byPriority), m);
    if (!parts.verify || chosen.length === 0) {
      yield* this.commit(chosen, parts.commit.reason, step);
      return [];
    }
    const verdict = await parts.verify(chosen, m);
    yield judgeEvent(step, verdict.judged);
    yield* this.commit(verdict.rows, parts.commit.reason, step);
    return verdict.costs;
  }

  /** What follows from the commits of a step. Where tokens may be masked again, an end is no end yet. */
  private *settle(m: Moment): Generator<MethodEvent> {
    if (this.parts.remask) yield* this.remask(m, this.parts.remask);
    else yield* this.fillEnd(m.step);
  }

  private *probe(m: Moment): Generator<MethodEvent> {
    const { probe } = this.parts;
    if (probe) yield { kind: "probe", step: m.step, name: probe.name, values: probe.values(m, this.passes) };
  }

  /** Rows of a pass that reports on `scored`: where logits are shifted, the row before speaks of a position. */
  private withSpeakers(query: readonly number[], scored: readonly number[]): readonly number[] {
    const { logitShift } = this.context.session.model;
    if (logitShift === 0) return query;
    const speaking = scored.map((p) => Math.max(0, p - logitShift));
    return [...new Set([...query, ...speaking])].sort((a, b) => a - b);
  }

  /** One pass over `query`; reports on the masked positions among `scored`. */
  private pass(m: Moment, query: readonly number[], scored: readonly number[]): Promise<PassResult> {
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
  private ranked(scores: Scores, m: Moment): Row[] {
    const { rank, reweight, ending } = this.parts;
    const isEligible = isIn(m.region);
    return rowsOf(scores).map((row) => {
      if (!isEligible(row)) return { ...row, priority: NEVER };
      let priority = rank(row, m);
      for (const change of reweight) priority = change.apply({ ...row, priority }, m);
      if (ending === "delay" && m.model.endTokens.includes(row.token)) priority -= LAST;
      return { ...row, priority };
    });
  }

  /** Masks again what the policy says. */
  private *remask(m: Moment, policy: RemaskPolicy): Generator<MethodEvent> {
    const { canvas } = this;
    const fresh = new Set(canvas.tokens.flatMap((_, p) => (canvas.committedAt[p] === m.step ? [p] : [])));
    const positions = [...policy.select(m, fresh)].sort((a, b) => a - b);
    if (positions.length === 0) return;
    for (const position of positions) canvas.remask(position);
    yield { kind: "remask", step: m.step, positions, reason: policy.reason };
  }

  private *commit(
    rows: readonly Row[],
    reason: Parts["commit"]["reason"],
    step: number,
  ): Generator<MethodEvent> {
    if (rows.length === 0) return;
    const ordered = [...rows].sort((a, b) => a.position - b.position);
    for (const row of ordered) this.canvas.commit(row.position, row.token, step);
    yield unmaskEvent(ordered, reason, step);
  }

  /** Everything behind the end of the text is filled with it: nothing there is text. */
  private *fillEnd(step: number): Generator<MethodEvent> {
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

const outOfSteps = (steps: number, left: number): string =>
  `Expected every position to be filled after ${steps} steps, found ${left} still masked: they are committed together now. A plan of fewer tokens a step, or another rule, fills them one by one.`;

/**
 * Decodes by filling a canvas of masks. Yields `canvas`, then for each step `denoise`, what was scored and decided, and
 * what it cost; ends when nothing is masked, which a step more than planned sees to, with a warning.
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
  yield {
    kind: "canvas",
    step: 0,
    tokens: [...canvas.tokens],
    masked: rangesOf(canvas.masked()),
    mask: model.maskToken,
    layers: model.layerCount,
    planned: parts.schedule.planned(canvas),
  };
  for (const message of unusedSettings(context.sampler, parts)) yield { kind: "warning", step: 0, message };
  for (let step = 0; canvas.masked().length > 0 || parts.remask?.goesOn(step); step++) yield* run.step(step);
}
