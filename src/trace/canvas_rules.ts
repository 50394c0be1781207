/** What events of a canvas must agree with: who may change, who was asked, what was committed before. Part of grammar.ts. */
import { type AnyCanvasEvent, positionsOf, type Ranges } from "./canvas_events";
import { checkTop } from "./event_rules";
import { expect, isCount, isLogprob, isProbability } from "./violation";

type Timeless<E> = E extends unknown ? Omit<E, "ms"> : never;
type Event<K extends AnyCanvasEvent["kind"]> = Timeless<Extract<AnyCanvasEvent, { kind: K }>>;

type Status = "fixed" | "masked" | "committed";

function checkRanges(ranges: Ranges, length: number, what: string): void {
  let before = -1;
  for (const [start, end] of ranges) {
    const isRange = isCount(start) && isCount(end) && start > before && end > start && end <= length;
    expect(isRange, () => `${what} as ascending ranges of positions below ${length}`, [start, end]);
    before = end;
  }
}

function checkParallel(e: Readonly<Record<string, unknown>>, keys: readonly string[], count: number): void {
  for (const key of keys) {
    const found = (e[key] as readonly unknown[]).length;
    expect(found === count, () => `as many ${key} as positions (${count})`, found);
  }
}

function checkAscending(positions: readonly number[]): void {
  positions.forEach((p, i) => {
    expect(i === 0 || p > positions[i - 1]!, "positions in ascending order, each once", positions);
  });
}

/** Follows one canvas from its first event; every check throws {@link Violation}. */
export class CanvasChecker {
  private readonly tokens: number[];
  private readonly status: Status[];
  private readonly mask: number;
  private denoised = -1;
  private scored = -1;

  /** @param mention is told every token the events speak of */
  constructor(
    e: Event<"canvas">,
    prompt: readonly (number | null)[],
    private readonly mention: (token: number) => void,
  ) {
    const length = e.tokens.length;
    expect(length >= prompt.length, () => `at least the ${prompt.length} positions of the prompt`, length);
    checkRanges(e.masked, length, "masked");
    expect(e.masked.length > 0, "at least one masked position", 0);
    expect(isCount(e.layers) && e.layers > 0, "at least one layer", e.layers);
    this.tokens = [...e.tokens];
    this.mask = e.mask;
    this.status = this.tokens.map(() => "fixed");
    for (const p of positionsOf(e.masked)) this.status[p] = "masked";
    this.tokens.forEach((token, p) => {
      const isMasked = this.status[p] === "masked";
      expect((token === e.mask) === isMasked, () => `the mask exactly at masked positions (${p})`, token);
      if (isMasked) return;
      expect(token === prompt[p], () => `the prompt's token ${prompt[p]} at fixed position ${p}`, token);
      mention(token);
    });
  }

  /** Checks the next event after `canvas`. */
  push(e: Exclude<Timeless<AnyCanvasEvent>, Event<"canvas">>): void {
    switch (e.kind) {
      case "denoise":
        this.checkDenoise(e);
        return;
      case "scores":
        this.checkScores(e);
        return;
      case "judge":
        this.afterPass(e.step);
        checkParallel(e, ["tokens", "logprobs", "ranks"], e.positions.length);
        for (const p of e.positions) this.need(p, "masked");
        for (const v of e.logprobs) expect(isLogprob(v), "finite log-probabilities at most 0", v);
        expect(e.accepted <= e.positions.length, () => `at most ${e.positions.length} accepted`, e.accepted);
        e.tokens.forEach(this.mention);
        return;
      case "unmask":
        this.afterPass(e.step);
        this.unmask(e);
        return;
      case "remask":
        this.afterPass(e.step);
        checkAscending(e.positions);
        for (const p of e.positions) {
          this.need(p, "committed");
          this.status[p] = "masked";
          this.tokens[p] = this.mask;
        }
        return;
      case "probe":
        this.afterPass(e.step);
        return;
    }
  }

  /** Tokens committed and not masked again, in order of their positions. */
  committed(): number[] {
    return this.tokens.filter((_, p) => this.status[p] === "committed");
  }

  private afterPass(step: number): void {
    expect(this.denoised === step, () => `a denoise event in step ${step} before`, "none");
  }

  private need(position: number, status: Status): void {
    expect(this.status[position] === status, () => `a ${status} position`, position);
  }

  private checkDenoise(e: Event<"denoise">): void {
    const { length } = this.tokens;
    expect(this.denoised < e.step, () => `one denoise in step ${e.step}`, "a second one");
    this.denoised = e.step;
    checkRanges([e.block], length, "block");
    checkRanges(e.computed, length, "computed");
    const rows = e.computed.reduce((sum, [start, end]) => sum + end - start, 0);
    expect(e.reused === (rows === 0), "computed positions exactly if the pass was not reused", rows);
    expect(
      e.refreshed === (rows === length),
      () => `refreshed exactly if all ${length} rows were computed`,
      rows,
    );
  }

  private checkScores(e: Event<"scores">): void {
    this.afterPass(e.step);
    expect(this.scored < e.step, () => `one scores in step ${e.step}`, "a second one");
    this.scored = e.step;
    checkAscending(e.positions);
    const lists = [
      "tokens",
      "logprobs",
      "best",
      "second",
      "gaps",
      "margins",
      "entropies",
      "priorities",
      "top",
    ];
    checkParallel(e, lists, e.positions.length);
    e.positions.forEach((p, i) => {
      this.need(p, "masked");
      expect(isLogprob(e.logprobs[i]!), () => `a log-probability at most 0 at position ${p}`, e.logprobs[i]);
      expect(isProbability(e.margins[i]!), () => `a margin from 0 to 1 at position ${p}`, e.margins[i]);
      expect(e.gaps[i]! >= 0, () => `a gap of at least 0 at position ${p}`, e.gaps[i]);
      expect(e.entropies[i]! >= -1e-3, () => `an entropy of at least 0 at position ${p}`, e.entropies[i]);
      for (const token of [e.tokens[i]!, e.best[i]!, e.second[i]!]) this.mention(token);
      if (e.top[i]!.length > 0) checkTop(e.top[i]!);
      for (const [token] of e.top[i]!) this.mention(token);
    });
  }

  private unmask(e: Event<"unmask">): void {
    checkAscending(e.positions);
    checkParallel(e, ["tokens", "logprobs"], e.positions.length);
    expect(e.positions.length > 0, "at least one position", 0);
    e.positions.forEach((p, i) => {
      this.need(p, "masked");
      const token = e.tokens[i]!;
      expect(token !== this.mask, () => `a token other than the mask at position ${p}`, token);
      expect(isLogprob(e.logprobs[i]!), () => `a log-probability at most 0 at position ${p}`, e.logprobs[i]);
      this.mention(token);
      this.status[p] = "committed";
      this.tokens[p] = token;
    });
  }
}
