/**
 * Llama on the GPU: five dispatches a layer. Norms live in the matrices after them (gains folded into columns, the scale
 * applied to the result), rotation and cache write in the QKV kernel, residuals and the gate in their matrices.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { type BufferRange, bytesOf, type Held } from "../engine/memory";
import { attention, attentionPartialWords, attentionSplits, slotsBuiltFor } from "../kernels/attention";
import { compactSlots } from "../kernels/compact_slots";
import { embed, embedTail } from "../kernels/embed";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import { matvecHead } from "../kernels/matvec_head";
import { matvecQkv } from "../kernels/matvec_qkv";
import { matvecResidual } from "../kernels/matvec_residual";
import { ropeTable } from "../kernels/rope";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { LlamaConfig } from "../models/architectures/llama";
import type { LoadedModel } from "../models/load";
import type { MaskedFacts, ModelFacts } from "../models/model";
import { foldGain, fuseGateUp, fuseQkv, matrix, type Matrix } from "./fuse_weights";
import { EXTRA_POSITIONS, type GpuModel, type ModelState, type RowBuffers } from "./gpu_model";
import { WeightUpload } from "./upload";

interface LayerWeights {
  readonly qkv: WeightMatrix;
  readonly out: WeightMatrix;
  readonly gateUp: WeightMatrix;
  readonly down: WeightMatrix;
}

export class GpuLlama implements GpuModel {
  private constructor(
    readonly engine: Engine,
    readonly config: LlamaConfig,
    readonly facts: ModelFacts,
    readonly layers: readonly LayerWeights[],
    readonly embedding: WeightMatrix,
    readonly head: WeightMatrix,
    readonly finalGain: GPUBuffer,
    readonly rope: GPUBuffer,
    private readonly owned: readonly Held[],
  ) {}

  get maxContext(): number {
    return this.config.maxContext;
  }

  get masked(): MaskedFacts | null {
    return this.config.masked;
  }

  get recurrence(): null {
    return null;
  }

  get layerCount(): number {
    return this.config.nLayers;
  }

  get weightBytes(): number {
    return this.owned.reduce((sum, b) => sum + bytesOf(b), 0);
  }

  /** Folds, fuses and uploads. @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    loaded: LoadedModel,
    storage: WeightMatrix["storage"],
  ): Promise<GpuLlama> {
    const { config, tensors, facts } = loaded;
    assert(config.architecture === "llama", `${facts.id} is no Llama`);
    return engine.memory.checked(`the weights of ${facts.id}`, async () => {
      const upload = new WeightUpload(engine, tuning, facts.id, storage);
      const layers: LayerWeights[] = [];
      for (let l = 0; l < config.nLayers; l++) {
        const get = (name: string): Matrix => matrix(tensors, `layers.${l}.${name}`);
        const gain = (name: string): Float32Array => tensors.get(`layers.${l}.${name}`).toFloat32();
        const qkv = foldGain(fuseQkv(get("wq"), get("wk"), get("wv"), config.headDim), gain("attnNorm"));
        const gateUp = foldGain(fuseGateUp(get("wGate"), get("wUp")), gain("mlpNorm"));
        layers.push({
          qkv: await upload.matrix(`layer${l}.qkv`, qkv),
          out: await upload.matrix(`layer${l}.out`, get("wo")),
          gateUp: await upload.matrix(`layer${l}.gate_up`, gateUp),
          down: await upload.matrix(`layer${l}.down`, get("wDown")),
        });
      }
      const embedding = await upload.table("embed", matrix(tensors, "embed"));
      return new GpuLlama(
        engine,
        config,
        facts,
        layers,
        embedding,
        config.tieEmbeddings ? embedding : await upload.matrix("head", matrix(tensors, "head")),
        upload.vector("final_gain", tensors.get("finalNorm").toFloat32()),
        upload.vector(
          "rope",
          ropeTable(config.maxContext + EXTRA_POSITIONS, config.headDim, config.ropeTheta),
        ),
        upload.owned,
      );
    });
  }

  createState(label: string, slots: number, maxRows: number): ModelState {
    return new LlamaState(this, label, slots, maxRows);
  }

  dispose(): void {
    for (const b of new Set(this.owned)) this.engine.memory.free(b);
  }
}

class LlamaState implements ModelState {
  private readonly cache: GPUBuffer;
  /** Bytes from one layer's cache to the next. */
  private readonly layerStride: number;
  /** Residual stream [maxRows, D] and scratch of one layer. */
  private readonly x: GPUBuffer;
  private readonly q: GPUBuffer;
  private readonly attended: GPUBuffer;
  private readonly hidden: GPUBuffer;
  /** Partial sums of attention where a cache is long enough to be split; null otherwise. */
  private readonly partial: GPUBuffer | null;

  constructor(
    private readonly model: GpuLlama,
    label: string,
    readonly slots: number,
    private readonly maxRows: number,
  ) {
    const { memory } = model.engine;
    const c = model.config;
    const f32 = (name: string, count: number): GPUBuffer =>
      memory.create({ label: `${label}.${name}`, bytes: 4 * count });
    this.layerStride = Math.ceil((4 * slotsBuiltFor(slots) * this.slotWords) / 256) * 256;
    this.cache = memory.create({ label: `${label}.cache`, bytes: this.layerStride * c.nLayers });
    // What the products read has room for the rows that they are built for.
    const room = rowsBuiltFor(maxRows);
    this.x = f32("x", room * c.dim);
    this.q = f32("q", maxRows * c.nHeads * c.headDim);
    this.attended = f32("attended", room * c.nHeads * c.headDim);
    this.hidden = f32("hidden", room * c.hiddenDim);
    this.partial =
      attentionSplits(slots) > 1
        ? f32("partial", attentionPartialWords(maxRows, c.nHeads, c.headDim, slots))
        : null;
  }

  /** Words of one slot in one layer: key and value of every head. */
  private get slotWords(): number {
    return 2 * this.model.config.nKvHeads * this.model.config.headDim;
  }

  recordLayers(rec: Recording, { rows, bits, count: T, tail }: RowBuffers): void {
    assert(T <= this.maxRows, `${T} rows, room for ${this.maxRows}`);
    const { config: c, rope } = this.model;
    const { x, q, attended, hidden, slots, partial } = this;
    const table = this.model.embedding;
    if (tail) embedTail(rec, { ...tail, rows, bits, table, x, T });
    else embed(rec, { rows, table, x, T, dim: c.dim, vocabSize: c.vocabSize });
    this.model.layers.forEach((w, l) => {
      const cache: BufferRange = { buffer: this.cache, offset: l * this.layerStride, size: this.layerStride };
      const heads = { nHeads: c.nHeads, nKvHeads: c.nKvHeads, headDim: c.headDim };
      matvecQkv(rec, {
        rows,
        x,
        weight: w.qkv,
        rope,
        q,
        cache,
        T,
        dim: c.dim,
        ...heads,
        slots,
        eps: c.rmsNormEps,
      });
      attention(rec, {
        rows,
        bits,
        q,
        cache,
        out: attended,
        T,
        ...heads,
        slots,
        ...(partial ? { partial } : {}),
      });
      matvecResidual(rec, { a: attended, weight: w.out, x, T });
      matvecGated(rec, {
        x,
        weight: w.gateUp,
        hidden,
        T,
        dim: c.dim,
        hiddenDim: c.hiddenDim,
        eps: c.rmsNormEps,
      });
      matvecResidual(rec, { a: hidden, weight: w.down, x, T });
    });
  }

  recordHead(rec: Recording, firstRow: number, count: number, logits: GPUBuffer, outRow: number): void {
    const { config: c, head, finalGain } = this.model;
    matvecHead(rec, {
      x: this.x,
      gain: finalGain,
      weight: head,
      logits,
      T: count,
      firstRow,
      outRow,
      dim: c.dim,
      vocabSize: c.vocabSize,
      eps: c.rmsNormEps,
    });
  }

  recordCompaction(rec: Recording, verified: Parameters<ModelState["recordCompaction"]>[1]): void {
    compactSlots(rec, {
      ...verified,
      cache: this.cache,
      layers: this.model.config.nLayers,
      slots: this.slots,
      layerStride: this.layerStride / 4,
      rowWords: this.slotWords,
    });
  }

  dispose(): void {
    for (const b of [
      this.cache,
      this.x,
      this.q,
      this.attended,
      this.hidden,
      ...(this.partial ? [this.partial] : []),
    ])
      this.model.engine.memory.free(b);
  }
}
