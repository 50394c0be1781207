/**
 * What models have in common whose core is layers of a Llama and whose latents are the residual stream, which begins as the
 * embedding: facts, beginnings, and the buffers that layers run over. What a recurrence is, each says by itself.
 */
import type { Engine } from "../engine/dispatch_list";
import { bytesOf, type Held } from "../engine/memory";
import type { CacheStorage } from "../kernels/cache";
import { embedMix, LatentStart, latentStart, recurBegin } from "../kernels/latents";
import { rowsBuiltFor } from "../kernels/matvec";
import type { HeadInput } from "../kernels/matvec_head";
import type { Recording } from "../kernels/tuning";
import type { DecoderConfig } from "../models/decoder";
import type { ModelFacts, RecurrenceFacts } from "../models/model";
import { queryWidth } from "./cached_attention";
import type { DecoderWeights } from "./decoder_weights";
import type { BlockRows, DepthModel, DepthScratch, Latents, Part, Recurrence } from "./depth_model";
import { FixedDepth } from "./fixed_depth";
import { headOf, type GpuModel, type ModelState } from "./gpu_model";

/** A configuration of such a model; what beside it counts is each architecture's own. */
interface DepthDecoderConfig extends Omit<DecoderConfig, "architecture"> {
  readonly recurrence: RecurrenceFacts;
}

export abstract class GpuDepthDecoder<
  Config extends DepthDecoderConfig = DepthDecoderConfig,
  Weights extends DecoderWeights = DecoderWeights,
>
  implements GpuModel, DepthModel
{
  readonly masked = null;

  protected constructor(
    readonly engine: Engine,
    readonly config: Config,
    readonly facts: ModelFacts,
    readonly weights: Weights,
    private readonly owned: readonly Held[],
    /** How keys and values of its texts are kept. */
    readonly cacheStorage: CacheStorage,
    /** Recurrences of a pass in which every row runs as many. */
    readonly depth: number,
  ) {}

  get recurrence(): Config["recurrence"] {
    return this.config.recurrence;
  }

  get maxContext(): number {
    return this.config.maxContext;
  }

  get layerCount(): number {
    const { nPrelude, nCore, nCoda } = this.recurrence;
    return nPrelude + this.depth * nCore + nCoda;
  }

  get weightBytes(): number {
    return this.owned.reduce((sum, b) => sum + bytesOf(b), 0);
  }

  get kept(): DepthModel["kept"] {
    const { cacheStorage, config } = this;
    return { nKvHeads: config.nKvHeads, headDim: config.headDim, cacheStorage };
  }

  get embedding(): DepthModel["embedding"] {
    return { table: this.weights.embedding, scale: 1 };
  }

  /** Every row runs every recurrence: what methods see that know nothing of depths. */
  createState(label: string, slots: number, maxRows: number): ModelState {
    const { depth } = this;
    return new FixedDepth(this, { label, slots, maxRows, seed: 0, depth, start: LatentStart.EMBEDDING });
  }

  begin(rec: Recording, { x, y }: DepthScratch, l: Latents, seed: number, hasCopies: boolean): void {
    embedMix(rec, { ...l, x, y });
    latentStart(rec, { ...l, seed, sigma: 0, hasCopies });
  }

  leave(rec: Recording, { x, y }: DepthScratch, l: Latents, active: GPUBuffer | null): void {
    recurBegin(rec, { ...l, active, a: x, x: y });
  }

  abstract createScratch(label: string, maxRows: number): DepthScratch;
  abstract recur(rec: Recording, scratch: DepthScratch, l: Latents, recurrence: Recurrence): void;

  dispose(): void {
    // A head that is the embedding is held once, whoever names it.
    for (const b of new Set(this.owned)) this.engine.memory.free(b);
  }
}

/** Activations of a pass through such a model, and its head; the layers are recorded by each architecture. */
export abstract class DepthDecoderScratch<Model extends GpuDepthDecoder> implements DepthScratch {
  readonly x: GPUBuffer;
  readonly y: GPUBuffer;
  protected readonly q: GPUBuffer;
  protected readonly attended: GPUBuffer;
  protected readonly hidden: GPUBuffer;
  private readonly owned: GPUBuffer[] = [];

  constructor(
    protected readonly model: Model,
    private readonly label: string,
    maxRows: number,
  ) {
    const { dim, nHeads, headDim, hiddenDim } = model.config;
    const room = rowsBuiltFor(maxRows);
    this.x = this.f32("x", room * dim);
    this.y = this.f32("y", room * dim);
    this.q = this.f32("q", maxRows * queryWidth(model.config, model.cacheStorage));
    this.attended = this.f32("attended", room * nHeads * headDim);
    this.hidden = this.f32("hidden", room * hiddenDim);
  }

  /** A buffer of so many numbers that goes with the scratch. */
  protected f32(name: string, count: number): GPUBuffer {
    const { engine, facts } = this.model;
    const label = `${this.label}.${name}`;
    const buffer = engine.memory.create({ label, bytes: 4 * count, use: "scratch", model: facts.id });
    this.owned.push(buffer);
    return buffer;
  }

  abstract recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void;

  get head(): HeadInput {
    return headOf(this.x, this.model);
  }

  dispose(): void {
    for (const b of this.owned) this.model.engine.memory.free(b);
  }
}
