/** Puts weights on the device: matrices in the precision and blocks that the dense kernels read, vectors as they are. */
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { type Held, whole } from "../engine/memory";
import { wantsTexels } from "../kernels/matvec";
import { packWeights } from "../kernels/quantize";
import type { Tuning } from "../kernels/tuning";
import { createWeights, weightBytes, type WeightMatrix } from "../kernels/weights";
import { type Matrix, rowsOfMatrix } from "./fuse_weights";

/** Bytes in f32 that wait on the device to be packed. */
const SOURCE_BYTES = 1 << 25;

/** Most bytes that a shader can be given at once. */
const bindingBytes = ({ gpu }: Engine): number =>
  Math.min(gpu.device.limits.maxBufferSize, gpu.device.limits.maxStorageBufferBindingSize);

/** Rows, a multiple of four, that stay within so many bytes. */
const rowsWithin = (bytes: number, rowBytes: number): number =>
  Math.max(4, 4 * Math.floor(bytes / (4 * rowBytes)));

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
  // A matrix that fits once it is packed may be too large in f32.
  const rowBytes = 4 * m.cols;
  const atOnce = Math.min(m.rows, rowsWithin(Math.min(SOURCE_BYTES, bindingBytes(engine)), rowBytes));
  const source = memory.create({ label: `${label}.source`, bytes: atOnce * rowBytes });
  const scratch = memory.create({ label: `${label}.scratch`, bytes: 16 });
  let areTexels = false;
  for (let firstRow = 0; firstRow < m.rows; firstRow += atOnce) {
    const rows = Math.min(atOnce, m.rows - firstRow);
    const list = new DispatchList(engine, `${label}.pack`);
    gpu.device.queue.writeBuffer(source, 0, m.values, firstRow * m.cols, rows * m.cols);
    const rec = { list, tuning };
    areTexels = wantsTexels(rec, into);
    packWeights(rec, { source, rows, into, firstRow, scratch });
    await list.compile();
    const encoder = gpu.device.createCommandEncoder({ label: `${label}.pack` });
    list.encode(encoder);
    gpu.device.queue.submit([encoder.finish()]);
    list.dispose();
  }
  memory.free(source);
  if (areTexels) {
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

  /**
   * The same cut by rows into as few parts as the device can bind, for large vocabularies ("upload.part_bytes" makes
   * them smaller).
   */
  async parts(name: string, m: Matrix, isTable: boolean): Promise<readonly WeightMatrix[]> {
    const four = weightBytes(4, m.cols, this.storage);
    const room = this.tuning.choices["upload.part_bytes"] ?? bindingBytes(this.engine);
    const rows = rowsWithin(room, Math.max(four.data, four.scales) / 4);
    if (rows >= m.rows) return [await this.add(name, m, isTable)];
    const made: WeightMatrix[] = [];
    for (let first = 0; first < m.rows; first += rows) {
      const part = rowsOfMatrix(m, first, Math.min(m.rows, first + rows));
      made.push(await this.add(`${name}.${made.length}`, part, isTable));
    }
    return made;
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
