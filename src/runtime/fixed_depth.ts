/** A text of a model of recurrent depth that runs as many recurrences for every row, each in slots of its own: a causal model like others. */
import { assert } from "../base/errors";
import { type CacheStorage, slotWords } from "../kernels/cache";
import { choiceWords } from "../kernels/choose_depth";
import { compactSlots } from "../kernels/compact_slots";
import { embed, embedTail } from "../kernels/embed";
import { SIGNAL_WORDS, Start, START_WORDS } from "../kernels/latents";
import { rowsBuiltFor } from "../kernels/matvec";
import type { HeadInput } from "../kernels/matvec_head";
import { rowsTail } from "../kernels/rows";
import type { Recording } from "../kernels/tuning";
import { cacheStride } from "./cached_attention";
import type { BlockRows, DepthModel, DepthScratch } from "./depth_model";
import type { ModelState, RowBuffers } from "./gpu_model";

export interface FixedDepthOptions {
  readonly label: string;
  readonly slots: number;
  readonly maxRows: number;
  readonly seed: number;
  /** Recurrences of every row. */
  readonly depth: number;
  /** How the latents of all rows begin: one of LatentStart. */
  readonly start: number;
}

export class FixedDepth implements ModelState {
  readonly slots: number;
  private readonly scratch: DepthScratch;
  private readonly cache: GPUBuffer;
  /** Bytes from one layer's cache to the next. */
  private readonly layerStride: number;
  private readonly layers: number;
  private readonly owned: GPUBuffer[] = [];
  /** [maxRows, D] by row: embeddings, what the model keeps beside them, latents. */
  private readonly e: GPUBuffer;
  private readonly w: GPUBuffer;
  private readonly z: GPUBuffer;
  private readonly starts: GPUBuffer;
  private readonly signals: GPUBuffer;
  /** Null unless the router has rows choose their depths, which it is then told to leave. */
  private readonly choices: GPUBuffer | null;

  constructor(
    private readonly model: DepthModel,
    private readonly o: FixedDepthOptions,
  ) {
    const { memory, gpu } = model.engine;
    const { label, slots, maxRows } = o;
    const { nPrelude, nCore, nCoda } = model.recurrence;
    const make = (name: string, bytes: number, storage?: CacheStorage): GPUBuffer => {
      const buffer = memory.create({
        label: `${label}.${name}`,
        bytes,
        use: storage === undefined ? "scratch" : "cache",
        model: model.facts.id,
        storage,
      });
      this.owned.push(buffer);
      return buffer;
    };
    this.slots = slots;
    this.scratch = model.createScratch(label, maxRows);
    this.layers = nPrelude + o.depth * nCore + nCoda;
    this.layerStride = cacheStride(model.kept, model.kept.cacheStorage, slots);
    this.cache = make("cache", this.layerStride * this.layers, model.kept.cacheStorage);
    const rows = 4 * rowsBuiltFor(maxRows) * model.config.dim;
    this.e = make("e", rows);
    this.w = make("w", rows);
    this.z = make("z", rows);
    this.signals = make("signals", 4 * SIGNAL_WORDS * maxRows);
    const { router, trainedRecurrence } = model.recurrence;
    const choice = 4 * choiceWords(trainedRecurrence) * maxRows;
    this.choices = router?.choice === "token" ? make("choices", choice) : null;
    this.starts = make("starts", 4 * START_WORDS * maxRows);
    const starts = new Uint32Array(START_WORDS * maxRows);
    const shares = new Float32Array(starts.buffer);
    for (let i = 0; i < maxRows; i++) {
      starts[i * START_WORDS + Start.KIND] = o.start;
      shares[i * START_WORDS + Start.NEW] = 1;
    }
    gpu.device.queue.writeBuffer(this.starts, 0, starts);
  }

  recordLayers(rec: Recording, { rows, bits, count: T, tail }: RowBuffers): void {
    const { maxRows, depth, seed } = this.o;
    assert(T <= maxRows, `${T} rows, room for ${maxRows}`);
    const { model, scratch, e, w, z, starts, signals } = this;
    const { x } = scratch;
    const { dim, vocabSize } = model.config;
    const { nPrelude, nCore } = model.recurrence;
    const { table, scale } = model.embedding;
    const whole = table.length === 1 ? table[0] : undefined;
    if (tail && !whole) rowsTail(rec, { ...tail, rows, bits, count: T });
    if (tail && whole) embedTail(rec, { ...tail, rows, bits, table: whole, x, T, scale });
    else embed(rec, { rows, table, x, T, dim, vocabSize, scale });
    const at = (layer: number): BlockRows => ({
      rows,
      bits,
      count: T,
      cache: { buffer: this.cache, offset: layer * this.layerStride, size: this.layerStride },
      slots: this.slots,
    });
    scratch.recordPart(rec, "prelude", at);
    const latents = { rows, T, dim, byPosition: false, starts, e, z, w };
    model.begin(rec, scratch, latents, seed, false);
    for (let r = 1; r <= depth; r++) {
      const { choices } = this;
      model.ask?.(rec, latents, { r, kept: null, signals, choices, most: depth, isForced: true });
      const core = (l: number): BlockRows => at(nPrelude + (r - 1) * nCore + l);
      model.recur(rec, scratch, latents, { r, active: null, signals, core, choices });
    }
    model.leave(rec, scratch, latents, null);
    scratch.recordPart(rec, "coda", (l) => at(nPrelude + depth * nCore + l));
  }

  get head(): HeadInput {
    return this.scratch.head;
  }

  recordCompaction(rec: Recording, verified: Parameters<ModelState["recordCompaction"]>[1]): void {
    const { cacheStorage, nKvHeads, headDim } = this.model.kept;
    compactSlots(rec, {
      ...verified,
      cache: this.cache,
      layers: this.layers,
      slots: this.slots,
      layerStride: this.layerStride / 4,
      rowWords: slotWords(cacheStorage, nKvHeads, headDim),
    });
  }

  dispose(): void {
    this.scratch.dispose();
    for (const b of this.owned) this.model.engine.memory.free(b);
  }
}
