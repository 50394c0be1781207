/**
 * Mixtures of recursions on the GPU: a Llama's layers, the inner ones shared by recursions, and a router, which is asked
 * before each recursion or, where tokens choose their depths, before the first. Latents are the residual stream, kept by
 * position between recursions, since rows that are turned away keep theirs.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { bytesOf, type Held } from "../engine/memory";
import { chooseDepth } from "../kernels/choose_depth";
import { embedMix, LatentStart, latentStart, recurBegin, recurEnd, routeRows } from "../kernels/latents";
import { attention } from "../kernels/attention";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import { matvecHead } from "../kernels/matvec_head";
import { matvecQkv } from "../kernels/matvec_qkv";
import { matvecResidual } from "../kernels/matvec_residual";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { MixtureOfRecursionsConfig } from "../models/architectures/mixture_of_recursions";
import type { LoadedModel } from "../models/load";
import type { ModelFacts } from "../models/model";
import type { BlockRows, DepthModel, DepthScratch, Latents, Part, Question, Recurrence } from "./depth_model";
import { FixedDepth } from "./fixed_depth";
import { type DecoderWeights, uploadDecoder } from "./decoder_weights";
import type { GpuModel, ModelState } from "./gpu_model";
import { WeightUpload } from "./upload";

interface MorWeights extends DecoderWeights {
  /** f32 [R, D], divided by the temperature; where tokens choose, then their balance [R]. */
  readonly router: GPUBuffer;
}

export class GpuMor implements GpuModel, DepthModel {
  readonly masked = null;

  private constructor(
    readonly engine: Engine,
    readonly config: MixtureOfRecursionsConfig,
    readonly facts: ModelFacts,
    readonly weights: MorWeights,
    private readonly owned: readonly Held[],
  ) {}

  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    { config, facts, tensors }: LoadedModel,
    storage: WeightMatrix["storage"],
  ): Promise<GpuMor> {
    assert(config.architecture === "mixture-of-recursions", `${facts.id} is no mixture of recursions`);
    return engine.memory.checked(`the weights of ${facts.id}`, async () => {
      const upload = new WeightUpload(engine, tuning, facts.id, storage);
      const decoder = await uploadDecoder(upload, tensors, { ...config, architecture: "llama" });
      await tensors.prepare("router");
      const router = tensors
        .get("router")
        .toFloat32()
        .map((v) => v / config.temperature);
      const isTokens = config.recurrence.router.choice === "token";
      const balance = isTokens ? tensors.get("balance").toFloat32() : [];
      const weights = {
        ...decoder,
        router: upload.vector("router", Float32Array.from([...router, ...balance])),
      };
      return new GpuMor(engine, config, facts, weights, upload.owned);
    });
  }

  get recurrence(): MixtureOfRecursionsConfig["recurrence"] {
    return this.config.recurrence;
  }

  get maxContext(): number {
    return this.config.maxContext;
  }

  get layerCount(): number {
    const { nPrelude, nCore, nCoda, trainedRecurrence } = this.recurrence;
    return nPrelude + trainedRecurrence * nCore + nCoda;
  }

  /** Recursions that there are, and so depths. */
  private get depths(): number {
    return this.recurrence.trainedRecurrence;
  }

  get weightBytes(): number {
    return this.owned.reduce((sum, b) => sum + bytesOf(b), 0);
  }

  get slotWords(): number {
    return 2 * this.config.nKvHeads * this.config.headDim;
  }

  get embedding(): DepthModel["embedding"] {
    return { table: this.weights.embedding, scale: 1 };
  }

  /** Every row runs every recursion: what methods that know nothing of routers see. */
  createState(label: string, slots: number, maxRows: number): ModelState {
    const depth = this.recurrence.trainedRecurrence;
    return new FixedDepth(this, { label, slots, maxRows, seed: 0, depth, start: LatentStart.EMBEDDING });
  }

  createScratch(label: string, maxRows: number): DepthScratch {
    return new MorScratch(this, label, maxRows);
  }

  begin(rec: Recording, { x, y }: DepthScratch, l: Latents, seed: number, hasCopies: boolean): void {
    embedMix(rec, { ...l, x, y });
    latentStart(rec, { ...l, seed, sigma: 0, hasCopies });
  }

  ask(rec: Recording, l: Latents, { r, kept, signals, choices, most, isForced }: Question): void {
    const { router } = this.weights;
    if (!choices) routeRows(rec, { ...l, router, r, kept, signals });
    else if (r === 1) chooseDepth(rec, { ...l, router, depths: this.depths, most, isForced, choices });
  }

  recur(rec: Recording, scratch: DepthScratch, l: Latents, recurrence: Recurrence): void {
    const { r, active, signals, core, choices } = recurrence;
    const { x, y } = scratch;
    const { alpha } = this.config;
    recurBegin(rec, { ...l, active, a: x, x: y });
    scratch.recordPart(rec, "core", core);
    const weighted = choices ? { chosen: { choices, depths: this.depths, r, e: l.e, alpha } } : { alpha };
    recurEnd(rec, { ...l, active, x, signals, ...weighted });
  }

  leave(rec: Recording, { x, y }: DepthScratch, l: Latents, active: GPUBuffer | null): void {
    recurBegin(rec, { ...l, active, a: x, x: y });
  }

  dispose(): void {
    for (const b of new Set(this.owned)) this.engine.memory.free(b);
  }
}

class MorScratch implements DepthScratch {
  readonly x: GPUBuffer;
  readonly y: GPUBuffer;
  private readonly q: GPUBuffer;
  private readonly attended: GPUBuffer;
  private readonly hidden: GPUBuffer;

  constructor(
    private readonly model: GpuMor,
    label: string,
    maxRows: number,
  ) {
    const { dim, nHeads, headDim, hiddenDim } = model.config;
    const room = rowsBuiltFor(maxRows);
    const f32 = (name: string, count: number): GPUBuffer =>
      model.engine.memory.create({ label: `${label}.${name}`, bytes: 4 * count });
    this.x = f32("x", room * dim);
    this.y = f32("y", room * dim);
    this.q = f32("q", maxRows * nHeads * headDim);
    this.attended = f32("attended", room * nHeads * headDim);
    this.hidden = f32("hidden", room * hiddenDim);
  }

  /** x = layer(x) in five dispatches, as gpu_decoder.ts has them for a Llama. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void {
    const { layers, ropes } = this.model.weights;
    const { dim, hiddenDim, rmsNormEps: eps, nHeads, nKvHeads, headDim } = this.model.config;
    const { x, q, attended, hidden } = this;
    const heads = { nHeads, nKvHeads, headDim };
    const [from, to] = { prelude: [0, 1], core: [1, -1], coda: [-1, layers.length] }[part];
    layers.slice(from, to).forEach((w, l) => {
      const { rows, bits, count: T, cache, slots, banks } = at(l);
      matvecQkv(rec, { rows, x, weight: w.qkv, rope: ropes[0]!, q, cache, T, dim, ...heads, slots, eps });
      const seen = { rows, bits, slots, ...(banks ? { banks } : {}) };
      attention(rec, { ...seen, q, cache, out: attended, T, ...heads });
      matvecResidual(rec, { a: attended, weight: w.out, x, T });
      matvecGated(rec, { x, weight: w.gateUp, hidden, T, dim, hiddenDim, eps });
      matvecResidual(rec, { a: hidden, weight: w.down, x, T });
    });
  }

  recordHead(rec: Recording, firstRow: number, T: number, logits: GPUBuffer, outRow: number): void {
    const { dim, vocabSize, rmsNormEps: eps } = this.model.config;
    const { head: weight, finalGain: gain } = this.model.weights;
    matvecHead(rec, { x: this.x, gain, weight, logits, T, firstRow, outRow, dim, vocabSize, eps });
  }

  dispose(): void {
    for (const b of [this.x, this.y, this.q, this.attended, this.hidden]) this.model.engine.memory.free(b);
  }
}
