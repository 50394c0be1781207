/** What each way to keep the weights costs in quality: the same held-out stories, the same engine, smaller numbers. */
import { create } from "webgpu";
import { WEIGHT_STORAGES, type WeightStorage } from "../../src/kernels/weights";
import { directorySource } from "../../src/models/source_node";
import { EngineHost } from "../../src/worker/host";
import type { StorageFigures } from "./figures";
import { cutWindows, logitsOf, logLaw } from "./stories";

const argmax = (law: Float64Array): number =>
  law.reduce((best, x, i) => (x > (law[best] as number) ? i : best), 0);

/** Figures of a causal model for every storage type; `share` of greedy choices is by that of f32, which comes first. */
export async function storageFigures(
  directory: string,
  stories: readonly string[],
  windows: number,
): Promise<Omit<StorageFigures, "command" | "date" | "weightsSha256">> {
  const chosen: number[] = [];
  const rows: StorageFigures["rows"][number][] = [];
  let [adapter, count] = ["", 0];
  for (const storage of WEIGHT_STORAGES) {
    const host = await EngineHost.open(create([]), { storage });
    adapter = host.gpu.adapter;
    const model = await host.load(storage, directorySource(directory, storage));
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
        if (storage === "f32") chosen.push(best);
        if (chosen[count] === best) same++;
        count++;
      }
    }
    rows.push({
      storage: storage satisfies WeightStorage,
      weightBytes: model.gpu.weightBytes,
      bitsPerByte: Math.round((1e4 * bits) / count / heldOut.bytesPerToken) / 1e4,
      perplexity: Math.round(1e3 * 2 ** (bits / count)) / 1e3,
      greedyAgreement: Math.round((1e4 * same) / count) / 1e4,
    });
    host.destroy();
  }
  return { adapter, count, of: "tokens of held-out stories", rows };
}
