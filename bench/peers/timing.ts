/** What every engine of this benchmark reports. */

/** One greedy generation. */
export interface Generation {
  readonly tokens: readonly number[];
  /** Tokens decoded within `decodeMs`, and that time: the prompt and whatever came with its pass are not in it. */
  readonly timedTokens: number;
  readonly decodeMs: number;
}

/** Asked of every engine in the same way. */
export interface Task {
  readonly model: string;
  readonly prompt: string;
  readonly newTokens: number;
  /** Generations timed, after one that is not. */
  readonly repeats: number;
}

export interface Report {
  readonly promptTokens: readonly number[];
  readonly generations: readonly Generation[];
  /** The adapter, or the number of threads. */
  readonly ranOn: string;
}

export const tokensPerSecond = ({ timedTokens, decodeMs }: Generation): number =>
  (timedTokens / decodeMs) * 1000;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
