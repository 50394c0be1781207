/** Work of a token at a depth, from the shapes of the weights. */
import { readFile } from "node:fs/promises";
import { findArchitecture } from "../../src/models/architectures/index";
import type { RecurrenceFacts, WeightSpec } from "../../src/models/model";

/**
 * Floating point operations of a token's matrices, two for each weight: `once` in the layers outside the core and the head,
 * `each` in every recurrence. Attention to earlier tokens, which grows with the text, and norms are left out.
 */
export interface Flops {
  readonly once: number;
  readonly each: number;
}

const layerOf = (name: string): number | null => {
  const found = /^layers\.(\d+)\./.exec(name);
  return found ? Number(found[1]) : null;
};

/** Of a model whose layers are numbered through prelude, core and coda. */
export function flopsOf(
  weights: readonly WeightSpec[],
  { nPrelude, nCore }: Pick<RecurrenceFacts, "nPrelude" | "nCore">,
  head: { readonly vocabSize: number; readonly dim: number },
): Flops {
  let [once, each] = [2 * head.vocabSize * head.dim, 0];
  for (const { name, shape } of weights) {
    const layer = layerOf(name);
    if (layer === null || shape.length < 2) continue;
    const work = 2 * shape.reduce((a, b) => a * b, 1);
    if (layer >= nPrelude && layer < nPrelude + nCore) each += work;
    else once += work;
  }
  return { once, each };
}

/** Of a mixture of recursions in a directory as on the hub. */
export async function flopsOfModel(directory: string): Promise<Flops> {
  const files = {
    config: JSON.parse(await readFile(`${directory}/config.json`, "utf8")) as unknown,
    generation: undefined,
    label: directory,
  };
  const architecture = await findArchitecture(files);
  const config = architecture.readConfig(files);
  if (!("recurrence" in config) || !("dim" in config))
    throw new Error(`expected a model of recurrent depth in ${directory}, found ${architecture.label}`);
  return flopsOf(architecture.weightTable(config).weights, config.recurrence, config);
}
