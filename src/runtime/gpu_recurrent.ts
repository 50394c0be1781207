/**
 * Models of recurrent depth on the GPU: weights, and the recording of their parts. Here a model runs a fixed number of
 * recurrences with a bank of slots for each of them, so to a session it is a causal model like others.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { bytesOf, type Held } from "../engine/memory";
import type { CacheStorage } from "../kernels/cache";
import { embedMix, LatentStart, latentStart, recurBegin, recurEnd } from "../kernels/latents";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import type { HeadInput } from "../kernels/matvec_head";
import { matvecResidual } from "../kernels/matvec_residual";
import { rmsnorm } from "../kernels/rmsnorm";
import { ropeTable } from "../kernels/rope";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix, WeightParts } from "../kernels/weights";
import type { RecurrentDepthConfig } from "../models/architectures/recurrent_depth";
import type { LoadedModel } from "../models/load";
import type { ModelFacts, RecurrenceFacts } from "../models/model";
import { cachedAttention, queryWidth } from "./cached_attention";
import type { BlockRows, DepthModel, DepthScratch, Latents, Part, Recurrence } from "./depth_model";
import { FixedDepth } from "./fixed_depth";
import { columnsOfMatrix, foldGain, fuseGateUp, matrix, rowsOf, rowsOfMatrix } from "./fuse_weights";
import { EXTRA_POSITIONS, type GpuModel, type ModelState } from "./gpu_model";
import { WeightUpload } from "./upload";

/** One sandwich block; norms 1 and 3 are folded into the matrices after them. */
export interface BlockWeights {
  readonly qkv: WeightParts;
  /** f32 [3D], zeros for values. */
  readonly bias: GPUBuffer;
  readonly out: WeightParts;
  readonly norm2: GPUBuffer;
  readonly gateUp: WeightParts;
  readonly down: WeightParts;
  readonly norm4: GPUBuffer;
}

export interface RecurrentWeights {
  readonly blocks: Readonly<Record<Part, readonly BlockWeights[]>>;
  /** [D, D] each: what the adapter makes of the latent and of the embedding. */
  readonly adapter: { readonly latent: WeightParts; readonly embedding: WeightParts };
  /** [V, D] in parts by rows, the head too. */
  readonly embedding: readonly WeightMatrix[];
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
    await tensors.prepare(`${at}.`);
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
  const made = {
    prelude: await blocks("prelude", recurrence.nPrelude),
    core: await blocks("core", recurrence.nCore),
    coda: await blocks("coda", recurrence.nCoda),
  };
  await tensors.prepare("adapter");
  const adapter = matrix(tensors, "adapter");
  const latent = await upload.matrix("adapter.latent", columnsOfMatrix(adapter, 0, dim));
  const embedding = await upload.matrix("adapter.embedding", columnsOfMatrix(adapter, dim, 2 * dim));
  const table = await upload.parts("embed", rowsOf(tensors, "embed"), true);
  await tensors.prepare("finalNorm");
  return {
    blocks: made,
    adapter: { latent, embedding },
    embedding: table,
    finalNorm: upload.vector("final_norm", values("finalNorm")),
    rope: upload.vector("rope", ropeTable(config.maxContext + EXTRA_POSITIONS, headDim, config.ropeTheta)),
  };
}

export class GpuRecurrent implements GpuModel, DepthModel {
  readonly masked = null;

  private constructor(
    readonly engine: Engine,
    readonly config: RecurrentDepthConfig,
    readonly facts: ModelFacts,
    readonly weights: RecurrentWeights,
    private readonly owned: readonly Held[],
    readonly cacheStorage: CacheStorage,
    /** Recurrences of a pass. */
    readonly depth: number,
  ) {}

  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    loaded: LoadedModel,
    storage: WeightMatrix["storage"],
    cacheStorage: CacheStorage = "f32",
  ): Promise<GpuRecurrent> {
    const { config, facts } = loaded;
    assert(config.architecture === "recurrent-depth", `${facts.id} has no recurrent depth`);
    return engine.memory.checked(`the weights of ${facts.id}`, async () => {
      const upload = new WeightUpload(engine, tuning, facts.id, storage);
      const weights = await uploadWeights(upload, loaded, config);
      const { trainedRecurrence } = config.recurrence;
      return new GpuRecurrent(engine, config, facts, weights, upload.owned, cacheStorage, trainedRecurrence);
    });
  }

  /** The same model with another number of recurrences; weights are shared and belong to this one. */
  atDepth(depth: number): GpuRecurrent {
    return new GpuRecurrent(this.engine, this.config, this.facts, this.weights, [], this.cacheStorage, depth);
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

  get kept(): DepthModel["kept"] {
    const { cacheStorage, config } = this;
    return { nKvHeads: config.nHeads, headDim: config.headDim, cacheStorage };
  }

  get embedding(): DepthModel["embedding"] {
    return { table: this.weights.embedding, scale: this.config.embedScale };
  }

  createState(label: string, slots: number, maxRows: number, seed = 0): ModelState {
    const { depth } = this;
    return new FixedDepth(this, { label, slots, maxRows, seed, depth, start: LatentStart.RANDOM });
  }

  createScratch(label: string, maxRows: number): DepthScratch {
    return new RecurrentScratch(this, label, maxRows);
  }

  /** The adapter's part of the embedding is computed once a row: w. */
  begin(rec: Recording, { x, y }: DepthScratch, l: Latents, seed: number, hasCopies: boolean): void {
    embedMix(rec, { ...l, x, y });
    matvecResidual(rec, { a: y, weight: this.weights.adapter.embedding, x: l.w, T: l.T });
    latentStart(rec, { ...l, seed, sigma: this.config.latentStd, hasCopies });
  }

  recur(rec: Recording, scratch: DepthScratch, l: Latents, { active, signals, core }: Recurrence): void {
    const { x, y } = scratch;
    recurBegin(rec, { ...l, active, a: y, x });
    matvecResidual(rec, { a: y, weight: this.weights.adapter.latent, x, T: l.T });
    scratch.recordPart(rec, "core", core);
    recurEnd(rec, { ...l, active, x, signals });
  }

  leave(rec: Recording, { x, y }: DepthScratch, l: Latents, active: GPUBuffer | null): void {
    const { T, dim } = l;
    recurBegin(rec, { ...l, active, a: y, x });
    rmsnorm(rec, { x: y, gain: this.weights.finalNorm, y: x, T, dim, eps: this.config.rmsNormEps });
  }

  dispose(): void {
    for (const b of this.owned) this.engine.memory.free(b);
  }
}

/** The model behind a GpuModel, if its depth is recurrent. */
export const recurrentOf = (model: GpuModel): GpuRecurrent | null =>
  model instanceof GpuRecurrent ? model : null;

/** Activations of a pass, and the recording of its parts over them. */
export class RecurrentScratch implements DepthScratch {
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
    const { dim, hiddenDim, nHeads, headDim } = model.config;
    const room = rowsBuiltFor(maxRows);
    const f32 = (name: string, count: number): GPUBuffer =>
      model.engine.memory.create({
        label: `${label}.${name}`,
        bytes: 4 * count,
        use: "scratch",
        model: model.facts.id,
      });
    this.x = f32("x", room * dim);
    this.y = f32("y", room * dim);
    this.q = f32("q", maxRows * queryWidth({ nHeads, nKvHeads: nHeads, headDim }, model.kept.cacheStorage));
    this.attended = f32("attended", room * dim);
    this.hidden = f32("hidden", room * hiddenDim);
  }

  /** x = block(x), for all blocks of a part. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void {
    const { dim, hiddenDim, nHeads, headDim, rmsNormEps: eps } = this.model.config;
    const { x, y, q, attended, hidden } = this;
    const heads = { nHeads, nKvHeads: nHeads, headDim };
    const { cacheStorage } = this.model.kept;
    this.model.weights.blocks[part].forEach((w, l) => {
      const { rows, bits, count: T, cache, slots, banks } = at(l);
      const { rope } = this.model.weights;
      cachedAttention(rec, {
        ...{ rows, bits, ...(banks ? { banks } : {}), x, T, q, cache, cacheStorage, slots, out: attended },
        ...{ dim, ...heads, eps, weight: w.qkv, bias: w.bias, rope, headNorms: null },
      });
      matvecResidual(rec, { a: attended, weight: w.out, x, T });
      rmsnorm(rec, { x, gain: w.norm2, y, T, dim, eps });
      matvecGated(rec, { x: y, weight: w.gateUp, hidden, T, dim, hiddenDim, eps });
      matvecResidual(rec, { a: hidden, weight: w.down, x: y, T });
      rmsnorm(rec, { x: y, gain: w.norm4, y: x, T, dim, eps });
    });
  }

  get head(): HeadInput {
    const { dim, vocabSize, rmsNormEps: eps } = this.model.config;
    const { embedding: weight, finalNorm: gain } = this.model.weights;
    return { x: this.x, gain, weight, dim, vocabSize, eps };
  }

  dispose(): void {
    for (const b of [this.x, this.y, this.q, this.attended, this.hidden]) this.model.engine.memory.free(b);
  }
}
