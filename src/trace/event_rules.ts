/** Rules that need no more than the event itself: numbers in range, arrays of one length, slots that can be. */
import type {
  CandidatesEvent,
  CostEvent,
  KernelTimeEvent,
  PiecesEvent,
  RunBegin,
  SlotsEvent,
} from "./events";
import { expect, isCount, isLogprob } from "./violation";

const COUNTS = [
  "targetForwards",
  "targetRows",
  "draftForwards",
  "draftRows",
  "dispatches",
  "submits",
  "readbacks",
] as const;

/**
 * Given tokens that there is room for, and forced ones among them.
 * @throws Violation
 */
export function checkBegin({ tokens, forced }: RunBegin, maxNewTokens: number): void {
  expect(tokens.length > 0, "at least one given token in begin, or null for begin", 0);
  expect(
    tokens.length <= maxNewTokens,
    () => `at most ${maxNewTokens} given tokens (maxNewTokens)`,
    tokens.length,
  );
  forced.forEach((index, i) => {
    const least = i === 0 ? 0 : forced[i - 1]! + 1;
    expect(
      isCount(index) && index >= least && index < tokens.length,
      () => `forced as ascending indices of given tokens, from ${least} to ${tokens.length - 1} here`,
      index,
    );
    expect(tokens[index] !== null, () => `a token at forced index ${index}`, null);
  });
}

/** @throws Violation */
export function checkCost(e: Omit<CostEvent, "kind" | "step" | "ms">): void {
  for (const key of ["coreForwards", "coreRows"] as const)
    expect(isCount(e[key] ?? 0), () => `${key} as a whole number of at least 0`, e[key]);
  for (const key of COUNTS) expect(isCount(e[key]), () => `${key} as a whole number of at least 0`, e[key]);
}

/** @throws Violation */
export function checkKernelTime(e: Pick<KernelTimeEvent, "kernels">): void {
  for (const k of e.kernels) {
    expect(isCount(k.calls), () => `calls of ${k.name} as a whole number of at least 0`, k.calls);
    expect(
      Number.isFinite(k.timeMs) && k.timeMs >= 0,
      () => `a finite timeMs of ${k.name} of at least 0`,
      k.timeMs,
    );
  }
}

/**
 * Different tokens, most probable first, that are part of one law.
 * @throws Violation
 */
export function checkTop(top: CandidatesEvent["top"]): void {
  expect(top.length > 0, "at least one candidate", 0);
  let sum = 0;
  let before = Infinity;
  const seen = new Set<number>();
  for (const [token, logprob] of top) {
    expect(!seen.has(token), () => `token ${token} once among the candidates`, "twice");
    seen.add(token);
    expect(isLogprob(logprob), () => `a finite log-probability at most 0 for token ${token}`, logprob);
    expect(
      logprob <= before,
      () => `candidates from most to least probable (${before} came before)`,
      logprob,
    );
    before = logprob;
    sum += Math.exp(logprob);
  }
  expect(sum <= 1.001, "candidates whose probabilities sum to at most 1", sum);
}

/**
 * Slots that a compaction can have moved: from later written ones to earlier kept ones, in order.
 * @throws Violation
 */
export function checkSlots(e: Pick<SlotsEvent, "base" | "written" | "kept" | "moves">): void {
  expect(isCount(e.base), "base as a whole number of at least 0", e.base);
  expect(isCount(e.written), "written as a whole number of at least 0", e.written);
  expect(isCount(e.kept) && e.kept <= e.written, () => `kept from 0 to written (${e.written})`, e.kept);
  let before = e.base - 1;
  for (const [source, destination] of e.moves) {
    const move = `${source} to ${destination}`;
    const isBackwards = source < e.base + e.written && source > destination;
    expect(isBackwards, "moves from later written slots to earlier ones", move);
    expect(destination > before, "moves to increasing slots from base on", move);
    expect(destination < e.base + e.kept, () => `moves into kept slots (below ${e.base + e.kept})`, move);
    before = destination;
  }
}

/** @throws Violation */
export function checkPieces(e: Pick<PiecesEvent, "tokens" | "texts" | "partial">): void {
  expect(
    e.texts.length === e.tokens.length,
    () => `as many texts as tokens (${e.tokens.length})`,
    e.texts.length,
  );
  const texts = new Map(e.tokens.map((token, i) => [token, e.texts[i]!]));
  for (const [token, bytes] of e.partial) {
    const isPartial = texts.get(token)?.includes("\ufffd") === true;
    expect(isPartial, "bytes only for tokens of this event whose text has U+FFFD", `some for token ${token}`);
    const isBytes = bytes.length > 0 && bytes.every((b) => isCount(b) && b < 256);
    expect(isBytes, () => `bytes from 0 to 255 for token ${token}`, bytes);
  }
}
