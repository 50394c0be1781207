/** Puts weights on the device: matrices in the precision and blocks that the dense kernels read, vectors as they are. */
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { type Held, whole } from "../engine/memory";
import { wantsTexels } from "../kernels/matvec";
import { packWeights } from "../kernels/quantize";
import type { Tuning } from "../kernels/tuning";
import { createWeights, type WeightMatrix } from "../kernels/weights";
import type { Matrix } from "./fuse_weights";

/**
 * Uploads in f32 and packs on the GPU; the caller owns the result. Where products read textures, bytes that only they
 * would read are given back (`isTable`: rows are looked up, too).
 */
async function uploadMatrix(
  engine: Engine,
  tuning: Tuning,
  label: string,
  m: Matrix,
  storage: WeightMatrix["storage"],
  isTable: boolean,
): Promise<WeightMatrix> {
  const { gpu, memory } = engine;
  const into = createWeights(memory, { label, rows: m.rows, cols: m.cols, storage });
  const source = memory.create({ label: `${label}.source`, bytes: m.values.byteLength });
  const scratch = memory.create({ label: `${label}.scratch`, bytes: 16 });
  gpu.device.queue.writeBuffer(source, 0, m.values);
  const list = new DispatchList(engine, `${label}.pack`);
  const rec = { list, tuning };
  packWeights(rec, { source, rows: m.rows, into, scratch });
  await list.compile();
  const encoder = gpu.device.createCommandEncoder({ label: `${label}.pack` });
  list.encode(encoder);
  gpu.device.queue.submit([encoder.finish()]);
  list.dispose();
  memory.free(source);
  if (wantsTexels(rec, into)) {
    const both = (await import("../kernels/texels")).withTexels(engine, label, into);
    // What is given back: the blocks in the buffer, or else the bytes that would fill their binding.
    memory.free(isTable ? scratch : into.data.buffer);
    return isTable ? both : { ...both, data: whole(scratch) };
  }
  memory.free(scratch);
  return into;
}

/** Uploads the weights of one model and keeps account of the buffers they lie in. */
export class WeightUpload {
  /** Every buffer and texture made so far; whoever uploads owns them. */
  readonly owned: Held[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly tuning: Tuning,
    private readonly model: string,
    private readonly storage: WeightMatrix["storage"],
  ) {}

  /** For products. */
  matrix(name: string, m: Matrix): Promise<WeightMatrix> {
    return this.add(name, m, false);
  }

  /** For products and for looking up rows. */
  table(name: string, m: Matrix): Promise<WeightMatrix> {
    return this.add(name, m, true);
  }

  private async add(name: string, m: Matrix, isTable: boolean): Promise<WeightMatrix> {
    const label = `${this.model}.${name}`;
    const w = await uploadMatrix(this.engine, this.tuning, label, m, this.storage, isTable);
    this.owned.push(w.data.buffer, ...(w.scales ? [w.scales.buffer] : []), ...(w.texels ? [w.texels] : []));
    return w;
  }

  vector(name: string, values: Float32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.engine.memory.create({ label: `${this.model}.${name}`, bytes: values.byteLength });
    this.engine.gpu.device.queue.writeBuffer(buffer, 0, values);
    this.owned.push(buffer);
    return buffer;
  }
}
