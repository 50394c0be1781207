/** Buffers, weights and one-off runs for the tests and benchmarks of the dense kernels. */
import { DispatchList, type Engine } from "../../src/engine/dispatch_list";
import type { Gpu } from "../../src/engine/device";
import { Memory, whole } from "../../src/engine/memory";
import { Pipelines } from "../../src/engine/pipelines";
import { includes } from "../../src/kernels/includes";
import { wantsTexels } from "../../src/kernels/matvec";
import { packWeights } from "../../src/kernels/quantize";
import { defaultTuning, type Recording, type Tuning } from "../../src/kernels/tuning";
import { withTexels } from "../../src/kernels/texels";
import { createWeights, type WeightMatrix, type WeightStorage } from "../../src/kernels/weights";

export function makeEngine(gpu: Gpu): Engine {
  return { gpu, memory: new Memory(gpu), pipelines: new Pipelines(gpu, includes) };
}

/** Seeded numbers, uniform between -1 and 1. */
export function noise(n: number, seed: number): Float32Array<ArrayBuffer> {
  let s = Math.imul(seed + 1, 2654435761) >>> 0;
  return Float32Array.from({ length: n }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.fround(s / 2 ** 31 - 1);
  });
}

export function upload(engine: Engine, label: string, data: Float32Array | Uint32Array): GPUBuffer {
  const buffer = engine.memory.create({ label, bytes: data.byteLength, use: "scratch" });
  engine.gpu.device.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
  return buffer;
}

export async function download(engine: Engine, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const { device } = engine.gpu;
  const staging = device.createBuffer({ label: "test.staging", size: buffer.size, usage: 0x1 | 0x8 });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(0x1);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}

export const downloadF32 = async (engine: Engine, buffer: GPUBuffer): Promise<Float32Array> =>
  new Float32Array(await download(engine, buffer));

/** Records, runs once, and frees the list. */
export async function run(
  engine: Engine,
  tuning: Partial<Tuning>,
  record: (rec: Recording) => void,
): Promise<string[]> {
  const list = new DispatchList(engine, "test");
  record({ list, tuning: { ...defaultTuning(engine.gpu.features), ...tuning } });
  await list.compile();
  const encoder = engine.gpu.device.createCommandEncoder();
  list.encode(encoder);
  engine.gpu.device.queue.submit([encoder.finish()]);
  await engine.gpu.device.queue.onSubmittedWorkDone();
  const labels = list.kernels();
  list.dispose();
  return labels;
}

/** Choices with which lanes share x, which is how matrices are read from textures; {@link weightsOf} then makes one. */
export const TEXELS = {
  "matvec.shared": 1,
  "matvec.lanes": 4,
  "matmul.lanes": 4,
  "matvec.texels": 1,
} as const;

/** A packed matrix of the given row-major values; only in a texture if `tuning` wants it there. */
export async function weightsOf(
  engine: Engine,
  values: Float32Array,
  cols: number,
  storage: WeightStorage,
  groupSize: 32 | 64 = 32,
  tuning: Partial<Tuning> = {},
): Promise<WeightMatrix> {
  const rows = values.length / cols;
  const into = createWeights(engine.memory, { label: "test.weight", rows, cols, storage, groupSize });
  const source = upload(engine, "test.source", values);
  const scratch = engine.memory.create({ label: "test.scratch", bytes: 16, use: "scratch" });
  const wanted: boolean[] = [];
  await run(engine, tuning, (rec) => {
    wanted.push(wantsTexels(rec, into));
    packWeights(rec, { source, rows, into, scratch });
  });
  engine.memory.free(source);
  if (wanted[0]) {
    const w = withTexels(engine, "test.weight", into);
    engine.memory.free(into.data.buffer);
    return { ...w, data: whole(scratch) };
  }
  engine.memory.free(scratch);
  return into;
}

/** Rows of a matrix in another order: result row i is row order[i]. */
export function reorder(values: Float32Array, cols: number, order: Uint32Array): Float32Array {
  const result = new Float32Array(order.length * cols);
  order.forEach((from, i) => result.set(values.subarray(from * cols, (from + 1) * cols), i * cols));
  return result;
}
