/**
 * Mixtures of recursions on the GPU: a Llama's layers, the inner ones shared by recursions, and a router, which is asked
 * before each recursion or, where tokens choose their depths, before the first. Latents are the residual stream, kept by
 * position between recursions, since rows that are turned away keep theirs.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { chooseDepth } from "../kernels/choose_depth";
import { recurBegin, recurEnd, routeRows } from "../kernels/latents";
import type { CacheStorage } from "../kernels/cache";
import { matvecGated } from "../kernels/matvec_gated";
import { matvecResidual } from "../kernels/matvec_residual";
import type { Recording, Tuning } from "../kernels/tuning";
import type { WeightMatrix } from "../kernels/weights";
import type { MixtureOfRecursionsConfig } from "../models/architectures/mixture_of_recursions";
import type { LoadedModel } from "../models/load";
import type { BlockRows, DepthScratch, Latents, Part, Question, Recurrence } from "./depth_model";
import { cachedAttention } from "./cached_attention";
import { type DecoderWeights, uploadDecoder } from "./decoder_weights";
import { DepthDecoderScratch, GpuDepthDecoder } from "./gpu_depth_decoder";
import { WeightUpload } from "./upload";

interface MorWeights extends DecoderWeights {
  /** f32 [R, D], divided by the temperature; where tokens choose, then their balance [R]. */
  readonly router: GPUBuffer;
}

export class GpuMor extends GpuDepthDecoder<MixtureOfRecursionsConfig, MorWeights> {
  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    { config, facts, tensors }: LoadedModel,
    storage: WeightMatrix["storage"],
    cacheStorage: CacheStorage = "f32",
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
      const { trainedRecurrence } = config.recurrence;
      return new GpuMor(engine, config, facts, weights, upload.owned, cacheStorage, trainedRecurrence);
    });
  }

  createScratch(label: string, maxRows: number): DepthScratch {
    return new MorScratch(this, label, maxRows);
  }

  ask(rec: Recording, l: Latents, { r, kept, signals, choices, most, isForced }: Question): void {
    const { router } = this.weights;
    if (!choices) routeRows(rec, { ...l, router, r, kept, signals });
    else if (r === 1) chooseDepth(rec, { ...l, router, depths: this.depth, most, isForced, choices });
  }

  recur(rec: Recording, scratch: DepthScratch, l: Latents, recurrence: Recurrence): void {
    const { r, active, signals, core, choices } = recurrence;
    const { x, y } = scratch;
    const { alpha } = this.config;
    recurBegin(rec, { ...l, active, a: x, x: y });
    scratch.recordPart(rec, "core", core);
    const weighted = choices ? { chosen: { choices, depths: this.depth, r, e: l.e, alpha } } : { alpha };
    recurEnd(rec, { ...l, active, x, signals, ...weighted });
  }
}

class MorScratch extends DepthDecoderScratch<GpuMor> {
  /** x = layer(x) in five dispatches, as gpu_decoder.ts has them for a Llama. */
  recordPart(rec: Recording, part: Part, at: (layer: number) => BlockRows): void {
    const { layers, ropes } = this.model.weights;
    const { dim, hiddenDim, rmsNormEps: eps, nHeads, nKvHeads, headDim } = this.model.config;
    const { x, q, attended, hidden } = this;
    const heads = { nHeads, nKvHeads, headDim };
    const { cacheStorage } = this.model;
    const [from, to] = { prelude: [0, 1], core: [1, -1], coda: [-1, layers.length] }[part];
    layers.slice(from, to).forEach((w, l) => {
      const { rows, bits, count: T, cache, slots, banks } = at(l);
      cachedAttention(rec, {
        ...{ rows, bits, ...(banks ? { banks } : {}), x, T, q, cache, cacheStorage, slots, out: attended },
        ...{ dim, ...heads, eps, weight: w.qkv, rope: ropes[0]!, headNorms: null },
      });
      matvecResidual(rec, { a: attended, weight: w.out, x, T });
      matvecGated(rec, { x, weight: w.gateUp, hidden, T, dim, hiddenDim, eps });
      matvecResidual(rec, { a: hidden, weight: w.down, x, T });
    });
  }
}
