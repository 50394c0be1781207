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
  /** Generations timed, after one that is not: so many, or fewer if they take longer than `budgetMs`; two at least. */
  readonly repeats: number;
  readonly budgetMs: number;
}

export interface Report {
  readonly promptTokens: readonly number[];
  readonly generations: readonly Generation[];
  /** The adapter, or the number of threads. */
  readonly ranOn: string;
}

/** The timed generations of a task. */
export async function repeated(task: Task, generate: () => Promise<Generation>): Promise<Generation[]> {
  const generations: Generation[] = [];
  const end = performance.now() + task.budgetMs;
  while (generations.length < task.repeats && (generations.length < 2 || performance.now() < end))
    generations.push(await generate());
  return generations;
}

export const tokensPerSecond = ({ timedTokens, decodeMs }: Generation): number =>
  (timedTokens / decodeMs) * 1000;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
