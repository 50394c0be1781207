/** Puts a matrix on the device in the precision and blocks that the dense kernels read. */
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { packWeights } from "../kernels/quantize";
import type { Tuning } from "../kernels/tuning";
import { createWeights, type WeightMatrix } from "../kernels/weights";
import type { Matrix } from "./fuse_weights";

/** Uploads in f32 and packs on the GPU; the caller owns the result. */
export async function uploadMatrix(
  engine: Engine,
  tuning: Tuning,
  label: string,
  m: Matrix,
  storage: WeightMatrix["storage"],
): Promise<WeightMatrix> {
  const { gpu, memory } = engine;
  const into = createWeights(memory, { label, rows: m.rows, cols: m.cols, storage });
  const source = memory.create({ label: `${label}.source`, bytes: m.values.byteLength });
  const scratch = memory.create({ label: `${label}.scratch`, bytes: 16 });
  gpu.device.queue.writeBuffer(source, 0, m.values);
  const list = new DispatchList(engine, `${label}.pack`);
  packWeights({ list, tuning }, { source, rows: m.rows, into, scratch });
  await list.compile();
  const encoder = gpu.device.createCommandEncoder({ label: `${label}.pack` });
  list.encode(encoder);
  gpu.device.queue.submit([encoder.finish()]);
  list.dispose();
  memory.free(source);
  memory.free(scratch);
  return into;
}
