/** What events of recurrent depth must agree with: recurrences in order, sets that only shrink, waves that move forward. Part of grammar.ts. */
import type { AnyDepthEvent } from "./depth_events";
import { checkTop } from "./event_rules";
import { expect, isCount } from "./violation";

type Timeless<E> = E extends unknown ? Omit<E, "ms"> : never;
type Event<K extends AnyDepthEvent["kind"]> = Timeless<Extract<AnyDepthEvent, { kind: K }>>;

/** Measured after every recurrence, and only with a router or with readouts. */
const ALWAYS = ["relChange", "cosine"] as const;
const READ = ["gate", "exit", "kl", "minPKl", "entropy", "argmax", "top"] as const;
/** Rounding can take a divergence or an entropy so far below 0. */
const SLACK = 1e-3;

function checkGate(gate: number, position: number): void {
  expect(gate >= 0 && gate <= 1, () => `a gate from 0 to 1 at position ${position}`, gate);
}

function checkLaw(law: readonly number[], depth: number, position: number): void {
  law.forEach((p) => checkGate(p, position));
  const total = law.reduce((a, b) => a + b, 0);
  expect(Math.abs(total - 1) <= SLACK, () => `a law of depths that sums to 1 at position ${position}`, total);
  expect(depth <= law.length, () => `a depth of at most ${law.length}, those of the law`, depth);
}

/** What is known of a position. */
interface Row {
  readonly step: number;
  recurrences: number;
  exited: boolean;
}

/** Follows a run; every check throws {@link Violation}. */
export class DepthChecker {
  private readonly rows = new Map<number, Row>();
  /** Drafts that the wave of this step froze. */
  private frozen: { readonly step: number; readonly tokens: readonly number[] } | null = null;
  private waveStep = -1;

  /** @param mention is told every token the events speak of */
  constructor(private readonly mention: (token: number) => void) {}

  /** @param length tokens of the text so far */
  push(e: Timeless<AnyDepthEvent>, length: number): void {
    switch (e.kind) {
      case "recur":
        this.checkRecur(e, length);
        return;
      case "depth":
        this.checkDepth(e, length);
        return;
      case "wave":
        this.checkWave(e, length);
        return;
    }
  }

  /** Tokens committed in a step: those that its wave froze, if it had one. */
  commit(step: number, tokens: readonly number[]): void {
    if (this.frozen?.step !== step) return;
    const { tokens: frozen } = this.frozen;
    const isSame = tokens.length <= frozen.length && tokens.every((token, i) => token === frozen[i]);
    expect(isSame, () => `the tokens that the wave of step ${step} froze (${frozen.join(", ")})`, tokens);
  }

  private checkRecur(e: Event<"recur">, length: number): void {
    const { recurrence: r, positions } = e;
    expect(isCount(r) && r >= 1, "a recurrence from 1", r);
    expect(positions.length > 0, "at least one position", 0);
    for (const key of [...ALWAYS, ...READ]) {
      const list = e[key];
      if (list) expect(list.length === positions.length, () => `as many ${key} as positions`, list.length);
    }
    const exited = new Set(e.exited);
    positions.forEach((p, i) => {
      expect(p < length, () => `positions below ${length}, the length of the text`, p);
      expect(i === 0 || p > positions[i - 1]!, "positions in ascending order, each once", positions);
      const before = r === 1 ? null : this.rows.get(p);
      const isNext = r === 1 || (before?.step === e.step && before.recurrences === r - 1);
      expect(isNext, () => `recurrence ${r - 1} of position ${p} in step ${e.step} before`, "none");
      expect(!before?.exited, () => `no recurrence of position ${p} after it exited`, r);
      this.rows.set(p, { step: e.step, recurrences: r, exited: exited.delete(p) });
      expect(e.relChange[i]! >= 0, () => `a relChange of at least 0 at position ${p}`, e.relChange[i]);
      for (const key of ["cosine", "kl", "minPKl", "entropy"] as const) {
        const value = e[key]?.[i] ?? 0;
        expect(value >= -SLACK, () => `${key} of at least 0 at position ${p}`, value);
      }
      if (e.gate) checkGate(e.gate[i]!, p);
      if (e.exit) checkGate(e.exit[i]!, p);
      if (e.argmax) this.mention(e.argmax[i]!);
      const top = e.top?.[i] ?? [];
      if (top.length > 0) checkTop(top);
      for (const [token] of top) this.mention(token);
    });
    expect(exited.size === 0, "exited positions among those that ran", [...exited]);
  }

  private checkDepth(e: Event<"depth">, length: number): void {
    expect(e.position < length, () => `a position below ${length}, the length of the text`, e.position);
    expect(e.depth <= e.maxDepth, () => `a depth of at most ${e.maxDepth}`, e.depth);
    expect(
      (e.gate === undefined) === (e.reason !== "router"),
      "a gate with the reason router, and only then",
      e.reason,
    );
    if (e.gate !== undefined) checkGate(e.gate, e.position);
    if (e.reason === "chosen") expect(e.law !== undefined, "a law with the reason chosen", "none");
    if (e.law) checkLaw(e.law, e.depth, e.position);
    const row = this.rows.get(e.position);
    if (!row) return;
    const ran = row.recurrences;
    expect(e.depth === ran, () => `depth ${ran}, the recurrences that position ${e.position} ran`, e.depth);
  }

  private checkWave(e: Event<"wave">, length: number): void {
    const { width, draftFrom } = e;
    expect(this.waveStep < e.step, () => `one wave in step ${e.step}`, "a second one");
    this.waveStep = e.step;
    expect(width >= 1, "a wave of at least one position", width);
    expect(draftFrom === length, () => `draftFrom ${length}, the length of the text`, draftFrom);
    expect(e.anchor === draftFrom - 1, () => `the anchor at ${draftFrom - 1}, before draftFrom`, e.anchor);
    for (const key of ["tokens", "relChange", "unchanged", "recurrences"] as const)
      expect(e[key].length === width, () => `as many ${key} as the width (${width})`, e[key].length);
    const { acceleration } = e;
    expect(
      acceleration === undefined || acceleration.length === width,
      () => `as many accelerations as the width (${width})`,
      acceleration?.length,
    );
    const last = draftFrom + width;
    const isWithin = e.frozenTo >= draftFrom && e.frozenTo <= last;
    expect(isWithin, () => `frozenTo from ${draftFrom} to ${last}`, e.frozenTo);
    e.tokens.forEach(this.mention);
    e.recurrences.forEach((recurrences, i) => {
      const before = this.rows.get(e.anchor + i)?.recurrences ?? 0;
      expect(
        recurrences > before,
        () => `more than the ${before} recurrences that position ${e.anchor + i} had`,
        recurrences,
      );
      this.rows.set(e.anchor + i, { step: e.step, recurrences, exited: false });
    });
    this.frozen = { step: e.step, tokens: e.tokens.slice(0, e.frozenTo - draftFrom) };
  }
}
