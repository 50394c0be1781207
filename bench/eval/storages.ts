/** What each way to keep weights, or keys and values, costs in quality: the same held-out stories, the same engine, smaller numbers. */
import { create } from "webgpu";
import { CACHE_STORAGES, slotWords } from "../../src/kernels/cache";
import { WEIGHT_STORAGES } from "../../src/kernels/weights";
import { directorySource } from "../../src/models/source_node";
import { GpuDecoder } from "../../src/runtime/gpu_decoder";
import { EngineHost, type HostedModel, type LoadOptions } from "../../src/worker/host";
import type { CacheFigures, QualityRow, StorageFigures } from "./figures";
import { cutWindows, logitsOf, logLaw } from "./stories";

const argmax = (law: Float64Array): number =>
  law.reduce((best, x, i) => (x > (law[best] as number) ? i : best), 0);

/** What was measured, but for where and when. */
type Found<Figures> = Omit<Figures, "command" | "date" | "weightsSha256">;
interface Quality<Row> {
  readonly adapter: string;
  readonly count: number;
  readonly of: string;
  readonly rows: readonly Row[];
}

/** The model of `directory` kept in each way, the exact one first, by which greedy choices are judged. */
async function qualityOf<Row extends QualityRow>(
  { directory, stories, windows }: { directory: string; stories: readonly string[]; windows: number },
  ways: readonly LoadOptions[],
  rowOf: (way: LoadOptions, model: HostedModel, quality: QualityRow) => Row,
): Promise<Quality<Row>> {
  const chosen: number[] = [];
  const rows: Row[] = [];
  let [adapter, count] = ["", 0];
  for (const [i, way] of ways.entries()) {
    const host = await EngineHost.open(create([]));
    adapter = host.gpu.adapter;
    const model = await host.load("model", directorySource(directory, "model"), undefined, undefined, way);
    const size = model.gpu.facts.vocabSize;
    const heldOut = cutWindows(stories, model, windows);
    let [bits, same] = [0, 0];
    count = 0;
    for (const { inputs, targets } of heldOut.windows) {
      const logits = await logitsOf(host, model, inputs);
      for (const [row, next] of targets.entries()) {
        const law = logLaw(logits, row, size);
        bits -= law[next] as number;
        const best = argmax(law);
        if (i === 0) chosen.push(best);
        if (chosen[count] === best) same++;
        count++;
      }
    }
    rows.push(
      rowOf(way, model, {
        bitsPerByte: Math.round((1e4 * bits) / count / heldOut.bytesPerToken) / 1e4,
        perplexity: Math.round(1e3 * 2 ** (bits / count)) / 1e3,
        greedyAgreement: Math.round((1e4 * same) / count) / 1e4,
      }),
    );
    host.destroy();
  }
  return { adapter, count, of: "tokens of held-out stories", rows };
}

/** Figures of a causal model for every storage type of its weights. */
export const storageFigures = (of: Parameters<typeof qualityOf>[0]): Promise<Found<StorageFigures>> =>
  qualityOf(
    of,
    WEIGHT_STORAGES.map((storage) => ({ storage })),
    ({ storage = "f32" }, { gpu }, quality) => ({ storage, weightBytes: gpu.weightBytes, ...quality }),
  );

/** The same for every storage type of keys and values, weights in f32. A causal decoder. */
export const cacheFigures = (of: Parameters<typeof qualityOf>[0]): Promise<Found<CacheFigures>> =>
  qualityOf(
    of,
    CACHE_STORAGES.map((cacheStorage) => ({ cacheStorage })),
    ({ cacheStorage = "f32" }, { gpu }, quality) => {
      if (!(gpu instanceof GpuDecoder)) throw new Error(`${gpu.facts.id} is no decoder`);
      const { nLayers, nKvHeads, headDim } = gpu.config;
      const tokenBytes = 4 * nLayers * slotWords(cacheStorage, nKvHeads, headDim);
      return { storage: cacheStorage, tokenBytes, ...quality };
    },
  );
