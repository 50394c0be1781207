/** Checkpoints that go to the device layer by layer: how much is in memory at a time, and that nothing else changes. */
import { expect, test } from "vitest";
import { HeldRanges } from "../../src/models/hub/held_ranges";
import type { ByteRange, ModelSource } from "../../src/models/source";
import { loadModel } from "../../src/models/load";
import { promptLogits } from "../../src/runtime/logits";
import { uploadModel } from "../../src/runtime/upload_model";
import { checkpointOf, FAMILIES } from "../helpers/checkpoints";
import { useGpu } from "../helpers/gpu";
import { memorySource, type ModelFiles } from "../helpers/tiny_model";
import { openHost } from "../runtime/helpers";

useGpu();

/** A source that is read in pieces, and counts the bytes that were prepared together. */
function countedSource(files: ModelFiles): {
  readonly source: ModelSource;
  readonly batches: ByteRange[][];
} {
  const ranges = new HeldRanges(({ file, begin, end }) =>
    Promise.resolve(files.get(file)!.slice(begin, end)),
  );
  const batches: ByteRange[][] = [];
  const counted = {
    prepare: (wanted: readonly ByteRange[]): Promise<void> => {
      batches.push([...wanted]);
      return ranges.prepare(wanted);
    },
    take: (range: ByteRange) => ranges.take(range),
  };
  return { source: { ...memorySource(files, { id: "counted" }), ranges: counted }, batches };
}

const bytesIn = (batch: readonly ByteRange[]): number =>
  batch.reduce((sum, { begin, end }) => sum + end - begin, 0);

const TOKENS = [3, 141, 59, 26, 5];

test.each(["Qwen3", "Llama, every bias, linear scaling, untied", "Gemma 3, a window shorter than the text"])(
  "%s: at most a layer at a time, everything once, the same logits",
  async (family) => {
    expect(FAMILIES[family]).toBeDefined();
    const { files } = checkpointOf(family, 2);
    const host = await openHost();
    // Pieces of the embedding as small as a large vocabulary's are beside the whole.
    const tuning = { ...host.tuning, choices: { ...host.tuning.choices, "upload.source_bytes": 4096 } };
    const whole = await loadModel(memorySource(files));
    const expected = await uploadModel(host.engine, host.tuning, whole, "f32");

    const { source, batches } = countedSource(files);
    const loaded = await loadModel(source);
    const heads = batches.splice(0).length;
    expect(heads).toBeGreaterThan(0);
    const gpu = await uploadModel(host.engine, tuning, loaded, "f32");

    const { tensors } = loaded;
    const layerBytes = (l: number): number =>
      tensors.names
        .filter((name) => name.startsWith(`layers.${l}.`))
        .reduce((sum, name) => sum + 4 * tensors.get(name).count, 0);
    const most = Math.max(...batches.map(bytesIn));
    expect(most).toBe(Math.max(layerBytes(0), layerBytes(1), layerBytes(2)));
    expect(most).toBeLessThan(tensors.sizeBytes / 2);
    // Each byte of the weights comes once and no other does.
    const taken = batches.flat().sort((a, b) => a.file.localeCompare(b.file) || a.begin - b.begin);
    taken.slice(1).forEach((range, i) => {
      if (range.file === taken[i]!.file) expect(range.begin).toBeGreaterThanOrEqual(taken[i]!.end);
    });
    expect(bytesIn(taken)).toBe(tensors.sizeBytes);

    expect(await promptLogits(host.engine, host.tuning, gpu, TOKENS)).toEqual(
      await promptLogits(host.engine, host.tuning, expected, TOKENS),
    );
    gpu.dispose();
    expected.dispose();
    expect(host.memory.leaks()).toEqual([]);
    host.destroy();
  },
);

test("an upload that breaks off leaves nothing behind", async () => {
  const { files } = checkpointOf("Qwen3");
  const host = await openHost();
  const { source, batches } = countedSource(files);
  const loaded = await loadModel(source);
  batches.length = 0;
  const broken = {
    ...loaded.tensors,
    prepare: (prefix: string): Promise<void> =>
      prefix.startsWith("layers.2")
        ? Promise.reject(new Error("the line broke"))
        : loaded.tensors.prepare(prefix),
  };
  await expect(uploadModel(host.engine, host.tuning, { ...loaded, tensors: broken }, "int4")).rejects.toThrow(
    /line broke/,
  );
  expect(batches.length).toBe(2);
  expect(host.memory.leaks()).toEqual([]);
  host.destroy();
});
