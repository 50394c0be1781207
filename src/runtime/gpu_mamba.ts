/**
 * Mamba-2 on the GPU. One token takes four dispatches a layer (norm and projection; convolution and steps; state; norm and
 * projection), or five where heads are normed in groups; many tokens go in chunks. Whoever feeds rows from position 0 on begins
 * anew: the state needs no clearing.
 */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import { bytesOf, type Held } from "../engine/memory";
import { embed, embedTail } from "../kernels/embed";
import { rowsBuiltFor } from "../kernels/matvec";
import type { HeadInput } from "../kernels/matvec_head";
import { matvecNorm } from "../kernels/matvec_norm";
import { matvecResidual } from "../kernels/matvec_residual";
import { rmsnorm } from "../kernels/rmsnorm";
import { rowsTail } from "../kernels/rows";
import { channelsOf, ssmInputs, ssmScan } from "../kernels/ssm";
import type { Recording, Tuning } from "../kernels/tuning";
import { quadsOf, rowsOfParts, type WeightMatrix } from "../kernels/weights";
import type { Mamba2Config } from "../models/architectures/mamba2";
import type { LoadedModel } from "../models/load";
import type { ModelFacts } from "../models/model";
import { headOf, type GpuModel, type ModelState, type RowBuffers } from "./gpu_model";
import { type MambaLayer, type MambaWeights, uploadMamba } from "./mamba_weights";
import { WeightUpload } from "./upload";

export class GpuMamba implements GpuModel {
  readonly masked = null;
  readonly recurrence = null;
  readonly keepsState = true;

  private constructor(
    readonly engine: Engine,
    readonly config: Mamba2Config,
    readonly facts: ModelFacts,
    readonly weights: MambaWeights,
    private readonly owned: readonly Held[],
  ) {}

  /** @throws DecoscopeError "limit" if the device has no room */
  static async upload(
    engine: Engine,
    tuning: Tuning,
    { config, facts, tensors }: LoadedModel,
    storage: WeightMatrix["storage"],
  ): Promise<GpuMamba> {
    assert(config.architecture === "mamba2", `${facts.id} is no state-space model`);
    const upload = new WeightUpload(engine, tuning, facts.id, storage);
    const weights = await upload.whole(() => uploadMamba(upload, tensors, config));
    return new GpuMamba(engine, config, facts, weights, upload.owned);
  }

  get maxContext(): number {
    return this.config.maxContext;
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

  createState(label: string, slots: number, maxRows: number): ModelState {
    return new MambaState(this, label, slots, maxRows);
  }

  dispose(): void {
    for (const b of new Set(this.owned)) this.engine.memory.free(b);
  }
}

class MambaState implements ModelState {
  private readonly owned: GPUBuffer[] = [];
  /** By layer: the rows that the convolution still sees, and the state. */
  private readonly layers: readonly { readonly windows: GPUBuffer; readonly state: GPUBuffer }[];
  /** Residual stream [maxRows, D] and scratch of one layer. */
  private readonly x: GPUBuffer;
  private readonly projected: GPUBuffer;
  private readonly u: GPUBuffer;
  private readonly steps: GPUBuffer;
  private readonly scores: GPUBuffer;
  private readonly gated: GPUBuffer;
  /** Null where one norm spans all heads: it is then taken by the product. */
  private readonly normed: GPUBuffer | null;

  constructor(
    private readonly model: GpuMamba,
    label: string,
    readonly slots: number,
    private readonly maxRows: number,
  ) {
    const c = model.config;
    const make = (name: string, count: number, use: "cache" | "scratch" = "scratch"): GPUBuffer => {
      const buffer = model.engine.memory.create({
        label: `${label}.${name}`,
        bytes: 4 * count,
        use,
        model: model.facts.id,
        storage: use === "cache" ? "f32" : undefined,
      });
      this.owned.push(buffer);
      return buffer;
    };
    const inner = c.nHeads * c.headDim;
    const channels = channelsOf(c);
    this.layers = model.weights.layers.map((_, l) => ({
      windows: make(`windows${l}`, 4 * channels, "cache"),
      state: make(`state${l}`, inner * c.stateDim, "cache"),
    }));
    // What the products read has room for the rows that they are built for.
    const built = rowsBuiltFor(maxRows);
    this.x = make("x", built * c.dim);
    this.projected = make("projected", maxRows * this.stride);
    this.u = make("u", maxRows * channels);
    this.steps = make("steps", 4 * maxRows * c.nHeads);
    this.scores = make("scores", c.nGroups * maxRows * Math.min(c.chunk, maxRows));
    this.gated = make("gated", built * inner);
    this.normed = c.nGroups > 1 ? make("normed", built * inner) : null;
  }

  /** Words of a row behind the first product. */
  private get stride(): number {
    return 4 * quadsOf(rowsOfParts(this.model.weights.layers[0]!.into));
  }

  recordLayers(rec: Recording, { rows, bits, count: T, tail }: RowBuffers): void {
    assert(T <= this.maxRows, `${T} rows, room for ${this.maxRows}`);
    assert(!tail || T === 1, "a state can be fed its newest token once");
    const { config: c, weights } = this.model;
    const { x } = this;
    const { embedding: table } = weights;
    const whole = table.length === 1 ? table[0] : undefined;
    if (tail && !whole) rowsTail(rec, { ...tail, rows, bits, count: T });
    if (tail && whole) embedTail(rec, { ...tail, rows, bits, table: whole, x, T });
    else embed(rec, { rows, table, x, T, dim: c.dim, vocabSize: c.vocabSize, scale: 1 });
    weights.layers.forEach((w, l) => this.recordLayer(rec, l, w, rows, T));
  }

  /** x += out(norm(silu(z) state(conv(xBC)))) with z, xBC and the steps from in(norm(x)). */
  private recordLayer(rec: Recording, l: number, w: MambaLayer, rows: GPUBuffer, T: number): void {
    const { config: c, weights } = this.model;
    const { x, projected, u, steps, scores, gated, normed, stride } = this;
    const { windows, state } = this.layers[l]!;
    const eps = c.rmsNormEps;
    matvecNorm(rec, { x, weight: w.into, ...(w.intoBias ? { bias: w.intoBias } : {}), y: projected, T, eps });
    const shared = { rows, projected, stride, u, steps, chunk: c.chunk, T, shape: c };
    ssmInputs(rec, {
      ...shared,
      taps: w.taps,
      offsets: w.offsets,
      rates: w.rates,
      windows,
      limits: c.stepLimits,
    });
    ssmScan(rec, { ...shared, skip: w.skip, state, scores, gated });
    const bias = w.outBias ? { bias: w.outBias } : {};
    if (!normed) {
      matvecNorm(rec, { x: gated, weight: w.out, ...bias, y: x, adds: true, T, eps });
      return;
    }
    const dim = (c.nHeads * c.headDim) / c.nGroups;
    rmsnorm(rec, { x: gated, gain: weights.ones!, y: normed, T: T * c.nGroups, dim, eps });
    matvecResidual(rec, { a: normed, weight: w.out, ...bias, x, T });
  }

  get head(): HeadInput {
    return headOf(this.x, this.model);
  }

  recordCompaction(): void {
    throw new Error(`${this.model.facts.id} keeps a state, out of which no token can be taken`);
  }

  dispose(): void {
    for (const b of this.owned) this.model.engine.memory.free(b);
  }
}
