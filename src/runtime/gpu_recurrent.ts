/**
 * Models of recurrent depth on the GPU: weights, and the recording of their parts. Here a model runs a fixed number of
 * recurrences with a bank of slots for each of them, so to a session it is a causal model like others.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { type BufferRange, bytesOf, type Held } from "../engine/memory";
import { attention, slotsBuiltFor } from "../kernels/attention";
import { compactSlots } from "../kernels/compact_slots";
import { embed, embedTail } from "../kernels/embed";
import {
  embedMix,
  latentStart,
  recurBegin,
  recurEnd,
  SIGNAL_WORDS,
  Start,
  START_WORDS,
} from "../kernels/latents";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import { matvecHead } from "../kernels/matvec_head";
import { matvecQkv } from "../kernels/matvec_qkv";
import { matvecResidual } from "../kernels/matvec_residual";
import { rmsnorm } from "../kernels/rmsnorm";
import { ropeTable } from "../kernels/rope";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { RecurrentDepthConfig } from "../models/architectures/recurrent_depth";
import type { LoadedModel } from "../models/load";
import type { ModelFacts, RecurrenceFacts } from "../models/model";
import { columnsOfMatrix, foldGain, fuseGateUp, matrix, rowsOfMatrix } from "./fuse_weights";
import { EXTRA_POSITIONS, type GpuModel, type ModelState, type RowBuffers } from "./gpu_model";
import { WeightUpload } from "./upload";

/** One sandwich block; norms 1 and 3 are folded into the matrices after them. */
export interface BlockWeights {
  readonly qkv: WeightMatrix;
  /** f32 [3D], zeros for values. */
  readonly bias: GPUBuffer;
  readonly out: WeightMatrix;
  readonly norm2: GPUBuffer;
  readonly gateUp: WeightMatrix;
  readonly down: WeightMatrix;
  readonly norm4: GPUBuffer;
}
export type Part = "prelude" | "core" | "coda";

export interface RecurrentWeights {
  readonly blocks: Readonly<Record<Part, readonly BlockWeights[]>>;
  /** [D, D] each: what the adapter makes of the latent and of the embedding. */
  readonly adapter: { readonly latent: WeightMatrix; readonly embedding: WeightMatrix };
  /** [V, D], the head too. */
  readonly embedding: WeightMatrix;
  readonly finalNorm: GPUBuffer;
  readonly rope: GPUBuffer;
}

/** Folds, fuses and uploads. */
async function uploadWeights(
  upload: WeightUpload,
  { tensors }: LoadedModel,
  config: RecurrentDepthConfig,
): Promise<RecurrentWeights> {
  const { dim, hiddenDim, headDim, recurrence } = config;
  const values = (name: string): Float32Array<ArrayBuffer> => tensors.get(name).toFloat32();
  const block = async (part: Part, l: number): Promise<BlockWeights> => {
    const at = `${part}.${l}`;
    // Pairs that turn together are neighbours here, which is the order that the kernel wants.
    const qkv = foldGain(matrix(tensors, `${at}.wqkv`), values(`${at}.norm1`));
    const fused = matrix(tensors, `${at}.wGateUp`);
    const [gate, up] = [rowsOfMatrix(fused, 0, hiddenDim), rowsOfMatrix(fused, hiddenDim, 2 * hiddenDim)];
    const bias = new Float32Array(3 * dim);
    bias.set(values(`${at}.qkBias`));
    return {
      qkv: await upload.matrix(`${at}.qkv`, qkv),
      bias: upload.vector(`${at}.bias`, bias),
      out: await upload.matrix(`${at}.out`, matrix(tensors, `${at}.wo`)),
      norm2: upload.vector(`${at}.norm2`, values(`${at}.norm2`)),
      gateUp: await upload.matrix(`${at}.gate_up`, foldGain(fuseGateUp(gate, up), values(`${at}.norm3`))),
      down: await upload.matrix(`${at}.down`, matrix(tensors, `${at}.wDown`)),
      norm4: upload.vector(`${at}.norm4`, values(`${at}.norm4`)),
    };
  };
  const blocks = async (part: Part, count: number): Promise<BlockWeights[]> => {
    const made: BlockWeights[] = [];
    for (let l = 0; l < count; l++) made.push(await block(part, l));
    return made;
  };
  const adapter = matrix(tensors, "adapter");
  return {
    blocks: {
      prelude: await blocks("prelude", recurrence.nPrelude),
      core: await blocks("core", recurrence.nCore),
      coda: await blocks("coda", recurrence.nCoda),
    },
    adapter: {
      latent: await upload.matrix("adapter.latent", columnsOfMatrix(adapter, 0, dim)),
      embedding: await upload.matrix("adapter.embedding", columnsOfMatrix(adapter, dim, 2 * dim)),
    },
    embedding: await upload.table("embed", matrix(tensors, "embed")),
    finalNorm: upload.vector("final_norm", values("finalNorm")),
    rope: upload.vector("rope", ropeTable(config.maxContext + EXTRA_POSITIONS, headDim, config.ropeTheta)),
  };
}

export class GpuRecurrent implements GpuModel {
  readonly masked = null;

  private constructor(
    readonly engine: Engine,
    readonly config: RecurrentDepthConfig,
    readonly facts: ModelFacts,
    readonly weights: RecurrentWeights,
    private readonly owned: readonly Held[],
    /** Recurrences of a pass. */
    readonly depth: number,
  ) {}

  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    loaded: LoadedModel,
    storage: WeightMatrix["storage"],
  ): Promise<GpuRecurrent> {
    const { config, facts } = loaded;
    assert(config.architecture === "recurrent-depth", `${facts.id} has no recurrent depth`);
    return engine.memory.checked(`the weights of ${facts.id}`, async () => {
      const upload = new WeightUpload(engine, tuning, facts.id, storage);
      const weights = await uploadWeights(upload, loaded, config);
      const { trainedRecurrence } = config.recurrence;
      return new GpuRecurrent(engine, config, facts, weights, upload.owned, trainedRecurrence);
    });
  }

  /** The same model with another number of recurrences; weights are shared and belong to this one. */
  atDepth(depth: number): GpuRecurrent {
    return new GpuRecurrent(this.engine, this.config, this.facts, this.weights, [], depth);
  }

  get recurrence(): RecurrenceFacts {
    return this.config.recurrence;
  }

  get maxContext(): number {
    return this.config.maxContext;
  }

  get layerCount(): number {
    const { nPrelude, nCore, nCoda } = this.config.recurrence;
    return nPrelude + this.depth * nCore + nCoda;
  }

  get weightBytes(): number {
    return this.owned.reduce((sum, b) => sum + bytesOf(b), 0);
  }

  createState(label: string, slots: number, maxRows: number, seed = 0): ModelState {
    return new FixedDepth(this, label, slots, maxRows, seed);
  }

  dispose(): void {
    for (const b of this.owned) this.engine.memory.free(b);
  }
}

/** The model behind a GpuModel, if its depth is recurrent. */
export const recurrentOf = (model: GpuModel): GpuRecurrent | null =>
  model instanceof GpuRecurrent ? model : null;

/** Rows of a pass through a block, and the slots that they see. */
export interface BlockRows {
  readonly rows: GPUBuffer;
  readonly bits: GPUBuffer;
  readonly count: number;
  readonly cache: BufferRange;
  readonly slots: number;
  /** The last bank that each position has filled, if there is one for each recurrence; see kernels/recur_admit.ts. */
  readonly banks?: GPUBuffer;
}

/** Activations of a pass, and the recording of its parts over them. */
export class RecurrentScratch {
  /** Residual stream [maxRows, D], and what a product reads of it. */
  readonly x: GPUBuffer;
  readonly y: GPUBuffer;
  private readonly q: GPUBuffer;
  private readonly attended: GPUBuffer;
  private readonly hidden: GPUBuffer;

  constructor(
    readonly model: GpuRecurrent,
    label: string,
    readonly maxRows: number,
  ) {
    const { dim, hiddenDim } = model.config;
    const room = rowsBuiltFor(maxRows);
    const f32 = (name: string, count: number): GPUBuffer =>
      model.engine.memory.create({ label: `${label}.${name}`, bytes: 4 * count });
    this.x = f32("x", room * dim);
    this.y = f32("y", room * dim);
    this.q = f32("q", maxRows * dim);
    this.attended = f32("attended", room * dim);
    this.hidden = f32("hidden", room * hiddenDim);
  }

  /** x = block(x), for all blocks of a part. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void {
    const { dim, hiddenDim, nHeads, headDim, rmsNormEps: eps } = this.model.config;
    const { x, y, q, attended, hidden } = this;
    const heads = { nHeads, nKvHeads: nHeads, headDim };
    this.model.weights.blocks[part].forEach((w, l) => {
      const { rows, bits, count: T, cache, slots, banks } = at(l);
      const { rope } = this.model.weights;
      matvecQkv(rec, { rows, x, weight: w.qkv, bias: w.bias, rope, q, cache, T, dim, ...heads, slots, eps });
      attention(rec, {
        rows,
        bits,
        q,
        cache,
        out: attended,
        T,
        ...heads,
        slots,
        ...(banks ? { banks } : {}),
      });
      matvecResidual(rec, { a: attended, weight: w.out, x, T });
      rmsnorm(rec, { x, gain: w.norm2, y, T, dim, eps });
      matvecGated(rec, { x: y, weight: w.gateUp, hidden, T, dim, hiddenDim, eps });
      matvecResidual(rec, { a: hidden, weight: w.down, x: y, T });
      rmsnorm(rec, { x: y, gain: w.norm4, y: x, T, dim, eps });
    });
  }

  /** logits[outRow + i,:] of x[firstRow + i,:]. */
  recordHead(rec: Recording, firstRow: number, T: number, logits: GPUBuffer, outRow: number): void {
    const { dim, vocabSize, rmsNormEps: eps } = this.model.config;
    const { embedding: weight, finalNorm: gain } = this.model.weights;
    matvecHead(rec, { x: this.x, gain, weight, logits, T, firstRow, outRow, dim, vocabSize, eps });
  }

  dispose(): void {
    for (const b of [this.x, this.y, this.q, this.attended, this.hidden]) this.model.engine.memory.free(b);
  }
}

/** A text of a model that runs as many recurrences for every row, each in slots of its own. */
class FixedDepth implements ModelState {
  private readonly scratch: RecurrentScratch;
  private readonly cache: GPUBuffer;
  /** Bytes from one layer's cache to the next. */
  private readonly layerStride: number;
  private readonly owned: GPUBuffer[] = [];
  /** [maxRows, D]: embeddings, the adapter's part of them, latents; all by row. */
  private readonly e: GPUBuffer;
  private readonly w: GPUBuffer;
  private readonly z: GPUBuffer;
  private readonly starts: GPUBuffer;
  private readonly signals: GPUBuffer;

  constructor(
    private readonly model: GpuRecurrent,
    label: string,
    readonly slots: number,
    private readonly maxRows: number,
    private readonly seed: number,
  ) {
    const { memory, gpu } = model.engine;
    const { dim } = model.config;
    const make = (name: string, bytes: number): GPUBuffer => {
      const buffer = memory.create({ label: `${label}.${name}`, bytes });
      this.owned.push(buffer);
      return buffer;
    };
    this.scratch = new RecurrentScratch(model, label, maxRows);
    this.layerStride = Math.ceil((4 * slotsBuiltFor(slots) * 2 * dim) / 256) * 256;
    this.cache = make("cache", this.layerStride * model.layerCount);
    const rows = 4 * rowsBuiltFor(maxRows) * dim;
    this.e = make("e", rows);
    this.w = make("w", rows);
    this.z = make("z", rows);
    this.signals = make("signals", 4 * SIGNAL_WORDS * maxRows);
    this.starts = make("starts", 4 * START_WORDS * maxRows);
    const starts = new Float32Array(START_WORDS * maxRows);
    for (let i = 0; i < maxRows; i++) starts[i * START_WORDS + Start.NEW] = 1;
    gpu.device.queue.writeBuffer(this.starts, 0, starts);
  }

  recordLayers(rec: Recording, { rows, bits, count: T, tail }: RowBuffers): void {
    assert(T <= this.maxRows, `${T} rows, room for ${this.maxRows}`);
    const { scratch, seed, e, w, z, starts, signals } = this;
    const { x, y } = scratch;
    const { weights, depth, config } = this.model;
    const { dim, embedScale: scale, latentStd: sigma, vocabSize, rmsNormEps: eps } = config;
    const { nPrelude, nCore } = config.recurrence;
    const table = weights.embedding;
    if (tail) embedTail(rec, { ...tail, rows, bits, table, x, T, scale });
    else embed(rec, { rows, table, x, T, dim, vocabSize, scale });
    const at = (layer: number): BlockRows => ({
      rows,
      bits,
      count: T,
      cache: { buffer: this.cache, offset: layer * this.layerStride, size: this.layerStride },
      slots: this.slots,
    });
    scratch.recordPart(rec, "prelude", at);
    const all = { rows, T, dim, byPosition: false };
    embedMix(rec, { ...all, starts, x, e, y, w });
    matvecResidual(rec, { a: y, weight: weights.adapter.embedding, x: w, T });
    latentStart(rec, { ...all, starts, e, z, seed, sigma, hasCopies: false });
    for (let r = 0; r < depth; r++) {
      recurBegin(rec, { ...all, z, w, a: y, x });
      matvecResidual(rec, { a: y, weight: weights.adapter.latent, x, T });
      scratch.recordPart(rec, "core", (l) => at(nPrelude + r * nCore + l));
      recurEnd(rec, { ...all, x, z, signals });
    }
    rmsnorm(rec, { x: z, gain: weights.finalNorm, y: x, T, dim, eps });
    scratch.recordPart(rec, "coda", (l) => at(nPrelude + depth * nCore + l));
  }

  recordHead(rec: Recording, firstRow: number, count: number, logits: GPUBuffer, outRow: number): void {
    this.scratch.recordHead(rec, firstRow, count, logits, outRow);
  }

  recordCompaction(rec: Recording, verified: Parameters<ModelState["recordCompaction"]>[1]): void {
    compactSlots(rec, {
      ...verified,
      cache: this.cache,
      layers: this.model.layerCount,
      slots: this.slots,
      layerStride: this.layerStride / 4,
      rowWords: 2 * this.model.config.dim,
    });
  }

  dispose(): void {
    this.scratch.dispose();
    for (const b of this.owned) this.model.engine.memory.free(b);
  }
}
