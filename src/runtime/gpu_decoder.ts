/**
 * Decoders on the GPU: five dispatches a layer as Llama has them. Norms live in the matrices after them (gains folded into
 * columns, the scale applied to the result), rotation and cache write in the QKV kernel, residuals and the gate in their
 * matrices. Norms of query and key heads take one dispatch more, norms after a sublayer one each.
 */
import type { Engine } from "../engine/dispatch_list";
import { type BufferRange, bytesOf, type Held } from "../engine/memory";
import { attentionPartialWords, attentionSplits } from "../kernels/attention";
import { type CacheStorage, slotWords } from "../kernels/cache";
import { compactSlots } from "../kernels/compact_slots";
import { embed, embedTail } from "../kernels/embed";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import type { HeadInput } from "../kernels/matvec_head";
import { matvecResidual } from "../kernels/matvec_residual";
import { rmsnorm } from "../kernels/rmsnorm";
import { rowsTail } from "../kernels/rows";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix, WeightParts } from "../kernels/weights";
import { assert } from "../base/errors";
import type { DecoderConfig } from "../models/decoder";
import type { LoadedModel } from "../models/load";
import type { MaskedFacts, ModelFacts } from "../models/model";
import { cachedAttention, cacheStride, queryWidth } from "./cached_attention";
import { type DecoderWeights, type LayerWeights, uploadDecoder } from "./decoder_weights";
import { headOf, type GpuModel, type ModelState, type RowBuffers } from "./gpu_model";
import { WeightUpload } from "./upload";

export class GpuDecoder implements GpuModel {
  private constructor(
    readonly engine: Engine,
    readonly config: DecoderConfig,
    readonly facts: ModelFacts,
    readonly weights: DecoderWeights,
    private readonly owned: readonly Held[],
    /** As it was when the weights were uploaded. */
    readonly tuning: Tuning,
    readonly cacheStorage: CacheStorage,
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

  get lookedUpBytes(): number {
    const { embedding, head } = this.weights;
    return embedding === head
      ? 0
      : embedding.reduce((sum, part) => sum + part.data.size + (part.scales?.size ?? 0), 0);
  }

  /** Folds, fuses and uploads. @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    loaded: LoadedModel,
    storage: WeightMatrix["storage"],
    cacheStorage: CacheStorage = "f32",
  ): Promise<GpuDecoder> {
    const { config, tensors, facts } = loaded;
    assert(
      config.architecture !== "recurrent-depth" &&
        config.architecture !== "mixture-of-recursions" &&
        config.architecture !== "ouro" &&
        config.architecture !== "mamba2",
      `${facts.id} is no decoder of this family`,
    );
    const upload = new WeightUpload(engine, tuning, facts.id, storage);
    const weights = await upload.whole(() => uploadDecoder(upload, tensors, config));
    return new GpuDecoder(engine, config, facts, weights, upload.owned, tuning, cacheStorage);
  }

  createState(label: string, slots: number, maxRows: number): ModelState {
    return new DecoderState(this, label, slots, maxRows);
  }

  dispose(): void {
    for (const b of new Set(this.owned)) this.engine.memory.free(b);
  }
}

/** A product at the end of a sublayer, and the norm between it and the residual stream. */
interface SublayerEnd {
  readonly a: GPUBuffer;
  readonly weight: WeightParts;
  readonly bias: GPUBuffer | null;
  readonly norm: GPUBuffer | null;
}

class DecoderState implements ModelState {
  /** The caches of the layers one after another, in as few buffers as the device can bind. */
  private readonly caches: readonly GPUBuffer[];
  /** Layers whose caches lie in one buffer. */
  private readonly layersTogether: number;
  /** Bytes from one layer's cache to the next. */
  private readonly layerStride: number;
  /** Residual stream [maxRows, D] and scratch of one layer. */
  private readonly x: GPUBuffer;
  private readonly q: GPUBuffer;
  /** What a sublayer adds, before its norm; null where there is none. */
  private readonly sublayer: GPUBuffer | null;
  private readonly attended: GPUBuffer;
  private readonly hidden: GPUBuffer;
  /** Partial sums of attention where a cache is long enough to be split; null otherwise. */
  private readonly partial: GPUBuffer | null;

  constructor(
    private readonly model: GpuDecoder,
    label: string,
    readonly slots: number,
    private readonly maxRows: number,
  ) {
    const { memory } = model.engine;
    const c = model.config;
    const f32 = (name: string, count: number): GPUBuffer =>
      memory.create({ label: `${label}.${name}`, bytes: 4 * count, use: "scratch", model: model.facts.id });
    this.layerStride = cacheStride(c, model.cacheStorage, slots);
    const { maxBufferSize, maxStorageBufferBindingSize } = model.engine.gpu.device.limits;
    const room =
      model.tuning.choices["cache.buffer_bytes"] ?? Math.min(maxBufferSize, maxStorageBufferBindingSize);
    this.layersTogether = Math.min(c.nLayers, Math.max(1, Math.floor(room / this.layerStride)));
    this.caches = Array.from({ length: Math.ceil(c.nLayers / this.layersTogether) }, (_, i) =>
      memory.create({
        label: `${label}.cache${i}`,
        bytes: this.layerStride * this.layersIn(i),
        use: "cache",
        model: model.facts.id,
        storage: model.cacheStorage,
      }),
    );
    // What the products read has room for the rows that they are built for.
    const built = rowsBuiltFor(maxRows);
    this.x = f32("x", built * c.dim);
    this.q = f32("q", maxRows * queryWidth(c, model.cacheStorage, c.hasHeadNorms));
    this.sublayer = c.hasPostNorms ? f32("sublayer", maxRows * c.dim) : null;
    this.attended = f32("attended", built * c.nHeads * c.headDim);
    this.hidden = f32("hidden", built * c.hiddenDim);
    this.partial =
      attentionSplits(slots) > 1
        ? f32("partial", attentionPartialWords(maxRows, c.nHeads, c.headDim, slots))
        : null;
  }

  /** Layers in the i-th buffer of caches. */
  private layersIn(i: number): number {
    return Math.min(this.layersTogether, this.model.config.nLayers - i * this.layersTogether);
  }

  recordLayers(rec: Recording, { rows, bits, count: T, tail }: RowBuffers): void {
    assert(T <= this.maxRows, `${T} rows, room for ${this.maxRows}`);
    const { config: c, weights } = this.model;
    const { x } = this;
    const { embedding: table } = weights;
    const whole = table.length === 1 ? table[0] : undefined;
    if (tail && !whole) rowsTail(rec, { ...tail, rows, bits, count: T });
    if (tail && whole) embedTail(rec, { ...tail, rows, bits, table: whole, x, T, scale: c.embedScale });
    else embed(rec, { rows, table, x, T, dim: c.dim, vocabSize: c.vocabSize, scale: c.embedScale });
    weights.layers.forEach((w, l) => {
      this.recordAttention(rec, l, w, { rows, bits, count: T });
      this.recordFeedForward(rec, w, T);
    });
  }

  /** x += out(attention(norm(x))), each row writing its key and value on the way. */
  private recordAttention(rec: Recording, l: number, w: LayerWeights, { rows, bits, count: T }: RowBuffers) {
    const { config: c, weights, cacheStorage } = this.model;
    const { x, q, attended, slots, partial } = this;
    const cache: BufferRange = {
      buffer: this.caches[Math.floor(l / this.layersTogether)]!,
      offset: (l % this.layersTogether) * this.layerStride,
      size: this.layerStride,
    };
    const { rope: turn, window } = c.layers[l]!;
    cachedAttention(rec, {
      ...{ rows, bits, x, T, q, cache, cacheStorage, slots, out: attended },
      ...{ dim: c.dim, nHeads: c.nHeads, nKvHeads: c.nKvHeads, headDim: c.headDim, eps: c.rmsNormEps },
      weight: w.qkv,
      ...(w.qkvBias ? { bias: w.qkvBias } : {}),
      rope: turn === null ? null : weights.ropes[turn]!,
      headNorms: w.headNorms,
      scale: c.attentionScale,
      ...(window === null ? {} : { window }),
      ...(partial ? { partial } : {}),
    });
    this.recordSublayerEnd(rec, { a: attended, weight: w.out, bias: w.outBias, norm: w.attnPostNorm }, T);
  }

  /** x += down(f(gate(norm(x))) * up(norm(x))) */
  private recordFeedForward(rec: Recording, w: LayerWeights, T: number): void {
    const { dim, hiddenDim, rmsNormEps: eps, activation } = this.model.config;
    const { x, hidden } = this;
    const bias = w.gateUpBias ? { bias: w.gateUpBias } : {};
    matvecGated(rec, { x, weight: w.gateUp, ...bias, hidden, T, dim, hiddenDim, eps, activation });
    this.recordSublayerEnd(rec, { a: hidden, weight: w.down, bias: w.downBias, norm: w.mlpPostNorm }, T);
  }

  /** x += weight a + bias, normalised first where there is a norm. */
  private recordSublayerEnd(rec: Recording, end: SublayerEnd, T: number): void {
    const { dim, rmsNormEps: eps } = this.model.config;
    const { a, weight, bias, norm } = end;
    const product = { a, weight, ...(bias ? { bias } : {}), T };
    if (!norm) {
      matvecResidual(rec, { ...product, x: this.x });
      return;
    }
    matvecResidual(rec, { ...product, x: this.sublayer!, replaces: true });
    rmsnorm(rec, { x: this.sublayer!, gain: norm, y: this.x, T, dim, eps, adds: true });
  }

  get head(): HeadInput {
    return headOf(this.x, this.model);
  }

  recordCompaction(rec: Recording, verified: Parameters<ModelState["recordCompaction"]>[1]): void {
    const { cacheStorage, config } = this.model;
    const { nKvHeads, headDim } = config;
    this.caches.forEach((cache, i) =>
      compactSlots(rec, {
        ...verified,
        cache,
        layers: this.layersIn(i),
        slots: this.slots,
        layerStride: this.layerStride / 4,
        rowWords: slotWords(cacheStorage, nKvHeads, headDim),
      }),
    );
  }

  dispose(): void {
    for (const b of [
      ...this.caches,
      this.x,
      this.q,
      this.attended,
      this.hidden,
      ...(this.sublayer ? [this.sublayer] : []),
      ...(this.partial ? [this.partial] : []),
    ])
      this.model.engine.memory.free(b);
  }
}
