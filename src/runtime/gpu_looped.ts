/**
 * Looped models on the GPU: every layer is the core. A latent is the residual stream behind the last layer; the final norm,
 * which stands between loops, is taken when a loop begins, so that the head's own norm and the gate's see the same.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { bytesOf, type Held } from "../engine/memory";
import { attention } from "../kernels/attention";
import { exitGate } from "../kernels/exit_gate";
import { embedMix, LatentStart, latentStart, recurBegin, recurEnd } from "../kernels/latents";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import { matvecHead } from "../kernels/matvec_head";
import { matvecQkv } from "../kernels/matvec_qkv";
import { matvecResidual } from "../kernels/matvec_residual";
import { rmsnorm } from "../kernels/rmsnorm";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { OuroConfig } from "../models/architectures/ouro";
import type { LoadedModel } from "../models/load";
import type { ModelFacts } from "../models/model";
import { type DecoderWeights, uploadDecoder } from "./decoder_weights";
import type { BlockRows, DepthModel, DepthScratch, Latents, Part, Recurrence } from "./depth_model";
import { FixedDepth } from "./fixed_depth";
import type { GpuModel, ModelState } from "./gpu_model";
import { WeightUpload } from "./upload";

interface LoopedWeights extends DecoderWeights {
  /** f32 [D], times the gain of the final norm. */
  readonly exitGate: GPUBuffer;
  readonly exitBias: number;
}

export class GpuLooped implements GpuModel, DepthModel {
  readonly masked = null;

  private constructor(
    readonly engine: Engine,
    readonly config: OuroConfig,
    readonly facts: ModelFacts,
    readonly weights: LoopedWeights,
    private readonly owned: readonly Held[],
    /** Loops of a pass. */
    readonly depth: number,
  ) {}

  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    { config, facts, tensors }: LoadedModel,
    storage: WeightMatrix["storage"],
  ): Promise<GpuLooped> {
    assert(config.architecture === "ouro", `${facts.id} is no looped model`);
    return engine.memory.checked(`the weights of ${facts.id}`, async () => {
      const upload = new WeightUpload(engine, tuning, facts.id, storage);
      const decoder = await uploadDecoder(upload, tensors, { ...config, architecture: "llama" });
      const gain = tensors.get("finalNorm").toFloat32();
      const theta = tensors
        .get("exitGate")
        .toFloat32()
        .map((v, d) => v * gain[d]!);
      const weights = {
        ...decoder,
        exitGate: upload.vector("exit_gate", theta),
        exitBias: tensors.get("exitBias").toFloat32()[0]!,
      };
      const { trainedRecurrence } = config.recurrence;
      return new GpuLooped(engine, config, facts, weights, upload.owned, trainedRecurrence);
    });
  }

  atDepth(depth: number): GpuLooped {
    return new GpuLooped(this.engine, this.config, this.facts, this.weights, [], depth);
  }

  get recurrence(): OuroConfig["recurrence"] {
    return this.config.recurrence;
  }

  get maxContext(): number {
    return this.config.maxContext;
  }

  get layerCount(): number {
    return this.depth * this.config.nLayers;
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

  createState(label: string, slots: number, maxRows: number): ModelState {
    const { depth } = this;
    return new FixedDepth(this, { label, slots, maxRows, seed: 0, depth, start: LatentStart.EMBEDDING });
  }

  createScratch(label: string, maxRows: number): DepthScratch {
    return new LoopedScratch(this, label, maxRows);
  }

  begin(rec: Recording, { x, y }: DepthScratch, l: Latents, seed: number, hasCopies: boolean): void {
    embedMix(rec, { ...l, x, y });
    latentStart(rec, { ...l, seed, sigma: 0, hasCopies });
  }

  recur(rec: Recording, scratch: DepthScratch, l: Latents, { r, active, signals, core }: Recurrence): void {
    const { x, y } = scratch;
    const { rows, T, dim } = l;
    const { rmsNormEps: eps } = this.config;
    const { exitBias: bias, exitGate: theta, finalGain: gain } = this.weights;
    if (r === 1) recurBegin(rec, { ...l, active, a: x, x: y });
    else {
      recurBegin(rec, { ...l, active, a: y, x });
      rmsnorm(rec, { x: y, gain, y: x, T, dim, eps });
    }
    scratch.recordPart(rec, "core", core);
    recurEnd(rec, { ...l, active, x, signals });
    exitGate(rec, { rows, active, x, theta, bias, signals, T, dim, eps });
  }

  leave(rec: Recording, { x, y }: DepthScratch, l: Latents, active: GPUBuffer | null): void {
    recurBegin(rec, { ...l, active, a: x, x: y });
  }

  dispose(): void {
    for (const b of new Set(this.owned)) this.engine.memory.free(b);
  }
}

class LoopedScratch implements DepthScratch {
  readonly x: GPUBuffer;
  readonly y: GPUBuffer;
  private readonly q: GPUBuffer;
  /** What a sublayer adds, before its norm. */
  private readonly sublayer: GPUBuffer;
  private readonly attended: GPUBuffer;
  private readonly hidden: GPUBuffer;

  constructor(
    private readonly model: GpuLooped,
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
    this.sublayer = f32("sublayer", room * dim);
    this.attended = f32("attended", room * nHeads * headDim);
    this.hidden = f32("hidden", room * hiddenDim);
  }

  /** x = layer(x) for all layers, seven dispatches each; there is neither prelude nor coda. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void {
    if (part !== "core") return;
    const { layers, ropes } = this.model.weights;
    const { dim, hiddenDim, rmsNormEps: eps, nHeads, nKvHeads, headDim, activation } = this.model.config;
    const { x, q, sublayer, attended, hidden } = this;
    const heads = { nHeads, nKvHeads, headDim };
    const end = (a: GPUBuffer, weight: WeightMatrix, gain: GPUBuffer, T: number): void => {
      matvecResidual(rec, { a, weight, x: sublayer, T, replaces: true });
      rmsnorm(rec, { x: sublayer, gain, y: x, T, dim, eps, adds: true });
    };
    layers.forEach((w, l) => {
      const { rows, bits, count: T, cache, slots, banks } = at(l);
      matvecQkv(rec, { rows, x, weight: w.qkv, rope: ropes[0]!, q, cache, T, dim, ...heads, slots, eps });
      const seen = { rows, bits, slots, ...(banks ? { banks } : {}) };
      attention(rec, { ...seen, q, cache, out: attended, T, ...heads });
      end(attended, w.out, w.attnPostNorm!, T);
      matvecGated(rec, { x, weight: w.gateUp, hidden, T, dim, hiddenDim, eps, activation });
      end(hidden, w.down, w.mlpPostNorm!, T);
    });
  }

  recordHead(rec: Recording, firstRow: number, T: number, logits: GPUBuffer, outRow: number): void {
    const { dim, vocabSize, rmsNormEps: eps } = this.model.config;
    const { head: weight, finalGain: gain } = this.model.weights;
    matvecHead(rec, { x: this.x, gain, weight, logits, T, firstRow, outRow, dim, vocabSize, eps });
  }

  dispose(): void {
    for (const b of [this.x, this.y, this.q, this.sublayer, this.attended, this.hidden])
      this.model.engine.memory.free(b);
  }
}
