/**
 * Puts weights on the device: matrices in the precision and blocks that the dense kernels read, vectors as they are. Little is
 * in memory at a time: a matrix that is read by rows some of them, and of what was handed to the device no more than waits there.
 */
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { type Held, whole } from "../engine/memory";
import { wantsTexels } from "../kernels/matvec";
import { packWeights } from "../kernels/quantize";
import type { Tuning } from "../kernels/tuning";
import { createWeights, weightBytes, type WeightMatrix } from "../kernels/weights";
import type { Matrix, RowSource } from "./fuse_weights";

/** Bytes in f32 that wait on the device to be packed ("upload.source_bytes"). */
const SOURCE_BYTES = 1 << 25;

/** Most bytes that a shader can be given at once. */
const bindingBytes = ({ gpu }: Engine): number =>
  Math.min(gpu.device.limits.maxBufferSize, gpu.device.limits.maxStorageBufferBindingSize);

/** Rows, a multiple of four, that stay within so many bytes. */
const rowsWithin = (bytes: number, rowBytes: number): number =>
  Math.max(4, 4 * Math.floor(bytes / (4 * rowBytes)));

const inMemory = ({ rows, cols, values }: Matrix): RowSource => ({
  rows,
  cols,
  read: (from, to) => Promise.resolve(values.subarray(from * cols, to * cols)),
});

/** Runs what allocates and waits for the verdict of the device. */
type Checked = <T>(allocate: () => T | Promise<T>) => Promise<T>;
/** For matrices in memory: who made them checks all that belongs together. */
const unchecked: Checked = async (allocate) => allocate();

/** Uploads the weights of one model and keeps account of the buffers they lie in. */
export class WeightUpload {
  /** Every buffer and texture made so far; whoever uploads owns them. */
  readonly owned: Held[] = [];
  /** Bytes handed to the device since it was last waited for; until then it keeps a copy of each. */
  private handed = 0;

  constructor(
    private readonly engine: Engine,
    private readonly tuning: Tuning,
    private readonly model: string,
    private readonly storage: WeightMatrix["storage"],
  ) {}

  /**
   * Allocates in error scopes. Nothing is waited for from outside while they are open: they would catch what others do.
   * @throws DecoscopeError "limit" if the device has no room
   */
  readonly checked: Checked = (allocate) =>
    this.engine.memory.checked(`the weights of ${this.model}`, allocate);

  /** Runs an upload of several pieces; what they made is freed if one fails. */
  async whole<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (thrown) {
      for (const held of new Set(this.owned)) this.engine.memory.free(held);
      throw thrown;
    }
  }

  /** For products, in parts as {@link WeightUpload.parts} makes them. */
  matrix(name: string, m: Matrix): Promise<readonly WeightMatrix[]> {
    return this.cut(name, inMemory(m), false, unchecked);
  }

  /**
   * For products and, as a table, for looking up rows: cut by rows into as few parts as the device can bind
   * ("upload.part_bytes" makes them smaller).
   */
  parts(name: string, m: RowSource, isTable: boolean): Promise<readonly WeightMatrix[]> {
    return this.cut(name, m, isTable, this.checked);
  }

  private async cut(
    name: string,
    m: RowSource,
    isTable: boolean,
    checked: Checked,
  ): Promise<readonly WeightMatrix[]> {
    const four = weightBytes(4, m.cols, this.storage);
    const room = this.tuning.choices["upload.part_bytes"] ?? bindingBytes(this.engine);
    const rows = rowsWithin(room, Math.max(four.data, four.scales) / 4);
    if (rows >= m.rows) return [await this.add(name, m, isTable, checked)];
    const made: WeightMatrix[] = [];
    for (let first = 0; first < m.rows; first += rows) {
      const part: RowSource = {
        rows: Math.min(rows, m.rows - first),
        cols: m.cols,
        read: (from, to) => m.read(first + from, first + to),
      };
      made.push(await this.add(`${name}.${made.length}`, part, isTable, checked));
    }
    return made;
  }

  vector(name: string, values: Float32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.engine.memory.create({
      label: `${this.model}.${name}`,
      bytes: values.byteLength,
      use: "weights",
      model: this.model,
      storage: "f32",
    });
    this.engine.gpu.device.queue.writeBuffer(buffer, 0, values);
    this.owned.push(buffer);
    return buffer;
  }

  private async add(name: string, m: RowSource, isTable: boolean, checked: Checked): Promise<WeightMatrix> {
    const w = await this.packed(`${this.model}.${name}`, m, isTable, checked);
    this.owned.push(w.data.buffer, ...(w.scales ? [w.scales.buffer] : []), ...(w.texels ? [w.texels] : []));
    return w;
  }

  /**
   * Uploads in f32 and packs on the GPU. Where products read textures, bytes that only they would read are given back
   * (`isTable`: rows are looked up, too).
   */
  private async packed(
    label: string,
    m: RowSource,
    isTable: boolean,
    checked: Checked,
  ): Promise<WeightMatrix> {
    const { engine, tuning } = this;
    const { memory } = engine;
    // A matrix that fits once it is packed may be too large in f32.
    const rowBytes = 4 * m.cols;
    const waiting = Math.min(tuning.choices["upload.source_bytes"] ?? SOURCE_BYTES, bindingBytes(engine));
    const atOnce = Math.min(m.rows, rowsWithin(waiting, rowBytes));
    const { rows, cols } = m;
    const { storage, model } = this;
    const made = await checked(() => ({
      into: createWeights(memory, { label, rows, cols, storage, model }),
      source: memory.create({ label: `${label}.source`, bytes: atOnce * rowBytes, use: "staging", model }),
      scratch: memory.create({ label: `${label}.scratch`, bytes: 16, use: "weights", model, storage }),
    }));
    const { into, source, scratch } = made;
    let areTexels = false;
    try {
      for (let from = 0; from < rows; from += atOnce) {
        const to = Math.min(rows, from + atOnce);
        const values = await m.read(from, to);
        areTexels = await checked(() =>
          this.pack(label, { values, rows: to - from, firstRow: from, ...made }),
        );
        await this.keepUp(values.byteLength);
      }
      if (!areTexels) {
        memory.free(scratch);
        return into;
      }
      const both = (await import("../kernels/texels")).withTexels(engine, label, into, model);
      // What is given back: the blocks in the buffer, or else the bytes that would fill their binding.
      memory.free(isTable ? scratch : into.data.buffer);
      return isTable ? both : { ...both, data: whole(scratch) };
    } catch (thrown) {
      for (const b of [into.data.buffer, into.scales?.buffer, scratch]) if (b) memory.free(b);
      throw thrown;
    } finally {
      memory.free(source);
    }
  }

  /** @returns whether products should read the matrix from a texture */
  private async pack(
    label: string,
    piece: Omit<Parameters<typeof packWeights>[1], "source"> & {
      readonly source: GPUBuffer;
      readonly values: Float32Array<ArrayBuffer>;
    },
  ): Promise<boolean> {
    const { device } = this.engine.gpu;
    const list = new DispatchList(this.engine, `${label}.pack`);
    device.queue.writeBuffer(piece.source, 0, piece.values);
    const rec = { list, tuning: this.tuning };
    packWeights(rec, piece);
    await list.compile();
    const encoder = device.createCommandEncoder({ label: `${label}.pack` });
    list.encode(encoder);
    device.queue.submit([encoder.finish()]);
    list.dispose();
    return wantsTexels(rec, piece.into);
  }

  /** Lets the device finish when much was handed to it: what waits in its queue is memory that nobody accounts for. */
  private async keepUp(bytes: number): Promise<void> {
    this.handed += bytes;
    if (this.handed < SOURCE_BYTES) return;
    this.handed = 0;
    await this.engine.gpu.device.queue.onSubmittedWorkDone();
  }
}
