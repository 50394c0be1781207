/**
 * Looped models on the GPU: every layer is the core. A latent is the residual stream behind the last layer; the final norm,
 * which stands between loops, is taken when a loop begins, so that the head's own norm and the gate's see the same.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import type { CacheStorage } from "../kernels/cache";
import { exitGate } from "../kernels/exit_gate";
import { recurBegin, recurEnd } from "../kernels/latents";
import { rowsBuiltFor } from "../kernels/matvec";
import { matvecGated } from "../kernels/matvec_gated";
import { matvecResidual } from "../kernels/matvec_residual";
import { rmsnorm } from "../kernels/rmsnorm";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix, WeightParts } from "../kernels/weights";
import type { OuroConfig } from "../models/architectures/ouro";
import type { LoadedModel } from "../models/load";
import { cachedAttention } from "./cached_attention";
import { type DecoderWeights, uploadDecoder } from "./decoder_weights";
import type { BlockRows, DepthScratch, Latents, Part, Recurrence } from "./depth_model";
import { DepthDecoderScratch, GpuDepthDecoder } from "./gpu_depth_decoder";
import { WeightUpload } from "./upload";

interface LoopedWeights extends DecoderWeights {
  /** f32 [D], times the gain of the final norm. */
  readonly exitGate: GPUBuffer;
  readonly exitBias: number;
}

export class GpuLooped extends GpuDepthDecoder<OuroConfig, LoopedWeights> {
  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    { config, facts, tensors }: LoadedModel,
    storage: WeightMatrix["storage"],
    cacheStorage: CacheStorage = "f32",
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
      return new GpuLooped(engine, config, facts, weights, upload.owned, cacheStorage, trainedRecurrence);
    });
  }

  atDepth(depth: number): GpuLooped {
    return new GpuLooped(this.engine, this.config, this.facts, this.weights, [], this.cacheStorage, depth);
  }

  createScratch(label: string, maxRows: number): DepthScratch {
    return new LoopedScratch(this, label, maxRows);
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
}

class LoopedScratch extends DepthDecoderScratch<GpuLooped> {
  /** What a sublayer adds, before its norm. */
  private readonly sublayer: GPUBuffer;

  constructor(model: GpuLooped, label: string, maxRows: number) {
    super(model, label, maxRows);
    this.sublayer = this.f32("sublayer", rowsBuiltFor(maxRows) * model.config.dim);
  }

  /** x = layer(x) for all layers, seven dispatches each; there is neither prelude nor coda. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void {
    if (part !== "core") return;
    const { layers, ropes } = this.model.weights;
    const { dim, hiddenDim, rmsNormEps: eps, nHeads, nKvHeads, headDim, activation } = this.model.config;
    const { x, q, sublayer, attended, hidden } = this;
    const heads = { nHeads, nKvHeads, headDim };
    const { cacheStorage } = this.model;
    const end = (a: GPUBuffer, weight: WeightParts, gain: GPUBuffer, T: number): void => {
      matvecResidual(rec, { a, weight, x: sublayer, T, replaces: true });
      rmsnorm(rec, { x: sublayer, gain, y: x, T, dim, eps, adds: true });
    };
    layers.forEach((w, l) => {
      const { rows, bits, count: T, cache, slots, banks } = at(l);
      cachedAttention(rec, {
        ...{ rows, bits, ...(banks ? { banks } : {}), x, T, q, cache, cacheStorage, slots, out: attended },
        ...{ dim, ...heads, eps, weight: w.qkv, rope: ropes[0]!, headNorms: null },
      });
      end(attended, w.out, w.attnPostNorm!, T);
      matvecGated(rec, { x, weight: w.gateUp, hidden, T, dim, hiddenDim, eps, activation });
      end(hidden, w.down, w.mlpPostNorm!, T);
    });
  }
}
