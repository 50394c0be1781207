/** What a text of a recurrent model holds on the device, and what a pass sends there and brings back. */
import type { DepthPass, LatentOrigin } from "../decoding/depth/session";
import type { BufferRange } from "../engine/memory";
import type { CacheStorage } from "../kernels/cache";
import { choiceWords } from "../kernels/choose_depth";
import { LatentStart, SIGNAL_WORDS, Start, START_WORDS } from "../kernels/latents";
import { Ctl, CTL_WORDS, NONE, Row, ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { rowsBuiltFor } from "../kernels/matvec";
import { MEMORY_WORDS } from "../kernels/recur_admit";
import { drawsOf, drawWords, STAT_WORDS } from "../kernels/row_stats";
import { cacheStride } from "./cached_attention";
import type { PassShape } from "./depth_pass";
import type { BlockRows, DepthModel, DepthScratch, Latents, Part } from "./depth_model";

/** Most candidates of a readout. */
const MAX_TOP = 16;
/** Ranges of a buffer begin at multiples of this. */
const ALIGNED = 256;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNED) * ALIGNED;

const KINDS: Readonly<Record<LatentOrigin, number>> = {
  random: LatentStart.RANDOM,
  zero: LatentStart.ZERO,
  embedding: LatentStart.EMBEDDING,
  kept: LatentStart.KEPT,
  previous: LatentStart.COPY,
};

/** Bytes of the signals of one recurrence over T rows. */
export const signalStride = (T: number): number => aligned(4 * SIGNAL_WORDS * T);
/** Bytes of the candidates of one recurrence. */
export const ladderStride = (T: number, k: number): number => aligned(8 * T * k);

export class DepthMemory {
  readonly scratch: DepthScratch;
  readonly slots: number;
  readonly seed: number;
  /** Rows as they were asked for; those that run, with slots in the banks; the same with slots as they were. */
  readonly rows: GPUBuffer;
  readonly runRows: GPUBuffer;
  readonly plainRows: GPUBuffer;
  /** Places of rows that run; what is kept of each row; the last bank that each position has filled. */
  readonly active: GPUBuffer;
  readonly kept: GPUBuffer;
  readonly banks: GPUBuffer;
  readonly starts: GPUBuffer;
  /** f32 [S, D] by position: embeddings, latents, latents at the end of the last pass that compared. */
  readonly e: GPUBuffer;
  readonly z: GPUBuffer;
  readonly lastZ: GPUBuffer;
  /** f32 [T, D] by row: the adapter's part of the embedding. */
  readonly w: GPUBuffer;
  readonly signals: GPUBuffer;
  /** Depths that rows chose and the law of them, by row; null unless the model's router has them choose. */
  readonly choices: GPUBuffer | null;
  readonly change: GPUBuffer;
  /** f32 [T, V]: of the last readout. */
  readonly logits: GPUBuffer;
  readonly draws: GPUBuffer;
  readonly stats: GPUBuffer;
  readonly top: GPUBuffer;
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** By their bytes: made with the first pass that needs them. */
  private readonly ladders = new Map<number, GPUBuffer>();
  private readoutBefore: GPUBuffer | null = null;
  private stepBefore: GPUBuffer | null = null;
  /** Stays zero: rows see slots by their bound alone. */
  private readonly bits: GPUBuffer;
  private readonly caches: Readonly<Record<Part, readonly GPUBuffer[]>>;
  private readonly bankSlots: number;
  private readonly owned: GPUBuffer[] = [];

  constructor(
    readonly model: DepthModel,
    private readonly label: string,
    o: {
      readonly slots: number;
      readonly banks: number;
      readonly maxRecurrence: number;
      readonly seed: number;
    },
  ) {
    const { slots: T, maxRecurrence } = o;
    const { dim, vocabSize } = model.config;
    const bytes = (name: string, size: number): GPUBuffer => this.take(name, size);
    const words = (name: string, count: number): GPUBuffer => bytes(name, 4 * count);
    this.slots = T;
    this.seed = o.seed;
    this.bankSlots = o.banks * T;
    this.scratch = model.createScratch(label, T);
    this.rows = words("rows", ROW_WORDS * T);
    this.runRows = words("run_rows", ROW_WORDS * T);
    this.plainRows = words("plain_rows", ROW_WORDS * T);
    this.active = words("active", T);
    this.kept = words("kept", MEMORY_WORDS * T);
    this.banks = words("banks", T);
    this.starts = words("starts", START_WORDS * T);
    this.bits = words("bits", ROW_BIT_WORDS * T);
    this.e = words("e", T * dim);
    this.z = words("z", T * dim);
    this.lastZ = words("last_z", T * dim);
    this.w = words("w", rowsBuiltFor(T) * dim);
    this.signals = bytes("signals", maxRecurrence * signalStride(T));
    const { router, trainedRecurrence } = model.recurrence;
    this.choices = router?.choice === "token" ? words("choices", choiceWords(trainedRecurrence) * T) : null;
    this.change = words("change", SIGNAL_WORDS * T);
    this.logits = words("logits", T * vocabSize);
    this.draws = words("draws", drawWords(T));
    this.stats = words("stats", STAT_WORDS * T);
    this.top = words("top", 2 * T * MAX_TOP);
    this.ctl = words("ctl", CTL_WORDS);
    this.seq = words("seq", T);
    const { nPrelude, nCore, nCoda } = model.recurrence;
    const { cacheStorage } = model.kept;
    const cache = (part: string, layers: number, slots: number): GPUBuffer[] =>
      Array.from({ length: layers }, (_, l) =>
        this.take(`${part}${l}.cache`, cacheStride(model.kept, cacheStorage, slots), cacheStorage),
      );
    this.caches = {
      prelude: cache("prelude", nPrelude, T),
      core: cache("core", nCore, this.bankSlots),
      coda: cache("coda", nCoda, T),
    };
  }

  /** @param storage of keys and values; left out for what is no cache */
  private take(name: string, bytes: number, storage?: CacheStorage): GPUBuffer {
    const buffer = this.model.engine.memory.create({
      label: `${this.label}.${name}`,
      bytes,
      use: storage === undefined ? "scratch" : "cache",
      model: this.model.facts.id,
      storage,
    });
    this.owned.push(buffer);
    return buffer;
  }

  /** f32 [T, V]: of the readout before the last. */
  get before(): GPUBuffer {
    return (this.readoutBefore ??= this.take("before", 4 * this.slots * this.model.config.vocabSize));
  }

  /** f32 [S, D] by position: how far latents moved in the last pass that asked for it. */
  get lastStep(): GPUBuffer {
    return (this.stepBefore ??= this.take("last_step", 4 * this.slots * this.model.config.dim));
  }

  /** Candidates of all recurrences of a pass; 0 bytes without any. */
  private ladder(s: Pick<PassShape, "room" | "most" | "ladderTop">): GPUBuffer {
    const bytes = s.most * ladderStride(s.room, s.ladderTop);
    const made = this.ladders.get(bytes) ?? this.take("ladder", bytes);
    this.ladders.set(bytes, made);
    return made;
  }

  /** Latents of a pass over T rows. */
  latents(T: number): Latents {
    const { rows, starts, e, z, w } = this;
    return { rows, T, dim: this.model.config.dim, byPosition: true, starts, e, z, w };
  }

  /** Rows of a layer with one bank. */
  plainBlock(part: Part, layer: number, rows: GPUBuffer, count: number): BlockRows {
    return { rows, bits: this.bits, count, cache: this.cache(part, layer), slots: this.slots };
  }

  /** Rows that run, in a layer of the core. */
  coreBlock(layer: number, count: number): BlockRows {
    const { runRows: rows, bits, banks } = this;
    return { rows, bits, count, cache: this.cache("core", layer), slots: this.bankSlots, banks };
  }

  private cache(part: Part, layer: number): BufferRange {
    const buffer = this.caches[part][layer]!;
    return { buffer, offset: 0, size: buffer.size };
  }

  /** Signals of recurrence r over T rows. */
  signalsOf(r: number, T: number): BufferRange {
    const stride = signalStride(T);
    return { buffer: this.signals, offset: (r - 1) * stride, size: stride };
  }

  /** Candidates of recurrence r, of a pass that reports some. */
  ladderOf(r: number, s: PassShape): BufferRange {
    const stride = ladderStride(s.room, s.ladderTop);
    return { buffer: this.ladder(s), offset: (r - 1) * stride, size: stride };
  }

  /** What a pass brings back, in the order that depth_readback.ts reads. */
  outputs(s: PassShape): readonly (readonly [buffer: GPUBuffer, bytes: number])[] {
    const T = s.room;
    const ladder: [GPUBuffer, number][] =
      s.ladderTop > 0 ? [[this.ladder(s), s.most * ladderStride(T, s.ladderTop)]] : [];
    const { trainedRecurrence } = this.model.recurrence;
    const choices: [GPUBuffer, number][] = this.choices
      ? [[this.choices, 4 * choiceWords(trainedRecurrence) * T]]
      : [];
    const list: [GPUBuffer, number][] = [
      [this.kept, 4 * MEMORY_WORDS * T],
      [this.signals, s.most * signalStride(T)],
      ...choices,
      ...ladder,
      [this.change, s.compares ? 4 * SIGNAL_WORDS * T : 0],
      [this.stats, s.reads ? 4 * STAT_WORDS * T : 0],
      [this.top, 8 * T * s.top],
    ];
    return list.filter(([, size]) => size > 0);
  }

  /** Sends rows, beginnings of latents and draws; returns the bytes sent. */
  upload(pass: DepthPass, room: number): number {
    const rows = new Uint32Array(ROW_WORDS * room);
    const starts = new Uint32Array(START_WORDS * room);
    const shares = new Float32Array(starts.buffer);
    for (let i = 0; i < room; i++) {
      const row = pass.rows[i];
      const at = i * ROW_WORDS;
      if (!row) {
        rows[at + Row.TOKEN] = NONE;
        rows[at + Row.SLOT] = NONE;
        continue;
      }
      rows[at + Row.TOKEN] = row.token;
      rows[at + Row.POSITION] = row.position;
      rows[at + Row.SLOT] = row.position;
      rows[at + Row.BOUND] = row.position + 1;
      const start = i * START_WORDS;
      starts[start + Start.KIND] = KINDS[row.origin];
      starts[start + Start.SOURCE] = Math.max(0, row.position - 1);
      starts[start + Start.STEP] = pass.step;
      shares[start + Start.NOISE] = row.noise;
      shares[start + Start.KEEP] = row.keep;
      shares[start + Start.OLD] = row.momentum;
      shares[start + Start.NEW] = row.fresh;
    }
    const { temperature } = pass.sampler;
    const positions = Array.from({ length: room }, (_, i) => (pass.rows[i]?.position ?? -1) + 1);
    // The law is processed already: it is drawn from as it is.
    const draws = drawsOf({
      seed: this.seed,
      step: pass.step,
      temperature: temperature === 0 ? 0 : 1,
      banned: [],
      positions,
    });
    const sent: [GPUBuffer, Uint32Array<ArrayBuffer>][] = [
      [this.rows, rows],
      [this.starts, starts],
      [this.draws, draws],
    ];
    if (pass.sampler.repetitionPenalty !== 1) {
      const ctl = new Uint32Array(CTL_WORDS);
      ctl[Ctl.N] = pass.text.length;
      sent.push([this.ctl, ctl], [this.seq, Uint32Array.from(pass.text)]);
    }
    const { queue } = this.model.engine.gpu.device;
    for (const [buffer, words] of sent) queue.writeBuffer(buffer, 0, words);
    return sent.reduce((sum, [, words]) => sum + words.byteLength, 0);
  }

  dispose(): void {
    this.scratch.dispose();
    for (const b of this.owned) this.model.engine.memory.free(b);
    this.owned.length = 0;
  }
}
