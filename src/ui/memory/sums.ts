/** The lines of an account of memory, put together as people read them: by model, by use, and by how numbers are kept. */
import type { MemoryLine, MemoryUse } from "../../worker/api";

/** In the order of the bars. */
export const USES = [
  "weights",
  "cache",
  "scratch",
  "params",
  "staging",
] as const satisfies readonly MemoryUse[];

export const USE_LABEL: Readonly<Record<MemoryUse, string>> = {
  weights: "weights",
  cache: "cache",
  scratch: "scratch",
  params: "parameters",
  staging: "transfer",
};
export const USE_HELP: Readonly<Record<MemoryUse, string>> = {
  weights: "the model’s numbers, as long as it is loaded",
  cache: "keys and values of the text, or the model’s states",
  scratch: "activations, logits and what else kernels write",
  params: "settings of recorded kernels (uniforms)",
  staging: "on its way to the GPU or back",
};

export interface UseSum {
  readonly use: MemoryUse;
  readonly bytes: number;
  /** The largest first; empty where there is no choice of storage. */
  readonly storages: readonly { readonly storage: string; readonly bytes: number }[];
}
export interface Held {
  readonly bytes: number;
  /** Uses that hold anything, in the order of {@link USES}. */
  readonly uses: readonly UseSum[];
}
export interface ModelHeld extends Held {
  /** Null for what the models of a run share. */
  readonly model: string | null;
}

const sum = (lines: readonly MemoryLine[]): number => lines.reduce((total, { bytes }) => total + bytes, 0);

/** Everything in the lines together. */
export function heldBy(lines: readonly MemoryLine[]): Held {
  const uses = USES.map((use) => {
    const of = lines.filter((line) => line.use === use);
    const storages = [...new Set(of.flatMap(({ storage }) => storage ?? []))]
      .map((storage) => ({ storage, bytes: sum(of.filter((line) => line.storage === storage)) }))
      .sort((a, b) => b.bytes - a.bytes);
    return { use, bytes: sum(of), storages };
  });
  return { bytes: sum(lines), uses: uses.filter(({ bytes }) => bytes > 0) };
}

/** What each model holds, in the order in which they were loaded, and at the end what they share. */
export function heldByModels(lines: readonly MemoryLine[]): readonly ModelHeld[] {
  const models = [...new Set(lines.map(({ model }) => model))];
  return models
    .sort((a, b) => Number(a === null) - Number(b === null))
    .map((model) => ({ model, ...heldBy(lines.filter((line) => line.model === model)) }));
}
