/** A causal model that judges stretches of a text: one pass over what it has not seen yet, one submit, one readback. */
import type { Judgement } from "../decoding/canvas/session";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import type { BufferRange } from "../engine/memory";
import { ReadbackRing } from "../engine/readback";
import { NONE, Row, ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { matvecHead } from "../kernels/matvec_head";
import { RANK_WORDS, tokenRanks } from "../kernels/token_ranks";
import type { Tuning } from "../kernels/tuning";
import { MOST_LOGITS } from "./canvas_head";
import type { GpuModel, ModelState } from "./gpu_model";
import type { WorkCounts } from "./program";
import { roomFor } from "./room";

/**
 * Descriptors u32 [room, ROW_WORDS] of rows for `positions` of a text in their order, each of which sees itself and all
 * before it; what is left of `room` becomes idle rows.
 * @see kernels/layouts.ts
 */
function causalRows(
  text: readonly number[],
  positions: readonly number[],
  room: number,
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(ROW_WORDS * room);
  for (let i = 0; i < room; i++) {
    const at = i * ROW_WORDS;
    const position = positions[i];
    words[at + Row.TOKEN] = position === undefined ? NONE : text[position]!;
    words[at + Row.SLOT] = position ?? NONE;
    words[at + Row.POSITION] = position ?? 0;
    words[at + Row.BOUND] = position === undefined ? 0 : position + 1;
  }
  return words;
}

/** Rows of logits that are written before they are looked at; fewer would not let ranges of tokens begin where bindings can. */
const FEWEST_ROWS = 64;

/**
 * Rows of logits at a time for texts of up to `length` tokens: all, or a multiple of the fewest, which is the next that holds as many
 * as were `chosen` ("judge.rows"), or else takes little memory.
 */
export const judgedTogether = (length: number, vocabSize: number, chosen?: number): number => {
  const stretches =
    chosen === undefined
      ? Math.floor(MOST_LOGITS / (4 * vocabSize * FEWEST_ROWS))
      : Math.ceil(chosen / FEWEST_ROWS);
  return Math.min(length, FEWEST_ROWS * Math.max(1, stretches));
};

export class Guider {
  private readonly state: ModelState;
  private readonly owned: GPUBuffer[] = [];
  private readonly rows: GPUBuffer;
  private readonly bits: GPUBuffer;
  /** Rows of logits at a time. */
  private readonly together: number;
  private readonly logits: GPUBuffer;
  private readonly tokens: GPUBuffer;
  private readonly ranks: GPUBuffer;
  private readonly ring: ReadbackRing;
  /** Recorded once for each number of rows and of judged tokens, and replayed. */
  private readonly lists = new Map<string, Promise<DispatchList>>();
  /** The text whose keys and values the slots hold. */
  private seen: readonly number[] = [];

  /** @param length most tokens of a text */
  constructor(
    private readonly engine: Engine,
    private readonly model: GpuModel,
    private readonly tuning: Tuning,
    private readonly length: number,
    private readonly counts: WorkCounts & { bytesUploaded: number },
  ) {
    const { memory, gpu } = engine;
    const buffer = (name: string, words: number): GPUBuffer => {
      const made = memory.create({
        label: `guider.${name}`,
        bytes: 4 * words,
        use: "scratch",
        model: model.facts.id,
      });
      this.owned.push(made);
      return made;
    };
    this.rows = buffer("rows", ROW_WORDS * length);
    // Stays zero: rows see slots by their bound alone.
    this.bits = buffer("bits", ROW_BIT_WORDS * length);
    this.together = judgedTogether(length, model.facts.vocabSize, tuning.choices["judge.rows"]);
    this.logits = buffer("logits", this.together * model.facts.vocabSize);
    this.tokens = buffer("tokens", length);
    this.ranks = buffer("ranks", RANK_WORDS * length);
    this.state = model.createState("guider.model", length, length);
    this.ring = new ReadbackRing(gpu, memory, "guider", 4 * RANK_WORDS * length, 1);
  }

  /** See CanvasSession.judge. */
  async judge(text: readonly number[], from: number): Promise<Judgement> {
    if (from < 1) throw new Error("the first token of a text has nothing before it to be judged by");
    const asked = text.length - from;
    let known = 0;
    while (known < from - 1 && this.seen[known] === text[known]) known++;
    // Rows that judge come first: the head takes a stretch of rows. The row before a token judges it.
    const judging = Array.from({ length: asked }, (_, i) => from - 1 + i);
    const unseen = Array.from({ length: from - 1 - known }, (_, i) => known + i);
    const positions = [...judging, ...unseen];
    const room = roomFor(positions.length, this.length);
    const heads = roomFor(asked, room);
    const list = await this.list(room, heads);

    const { queue } = this.engine.gpu.device;
    const upload = (buffer: GPUBuffer, words: Uint32Array<ArrayBuffer>): void => {
      queue.writeBuffer(buffer, 0, words);
      this.counts.bytesUploaded += words.byteLength;
    };
    upload(this.rows, causalRows(text, positions, room));
    upload(this.tokens, Uint32Array.from(text.slice(from)));

    const bytes = 4 * RANK_WORDS * asked;
    const staging = await this.ring.take();
    const encoder = this.engine.gpu.device.createCommandEncoder({ label: "guider" });
    list.encode(encoder);
    encoder.copyBufferToBuffer(this.ranks, 0, staging, 0, bytes);
    queue.submit([encoder.finish()]);
    this.seen = text.slice(0, -1);
    this.counts.dispatches += list.length;
    this.counts.submits++;
    this.counts.readbacks++;
    const read = await this.ring.read(staging, bytes);
    const f = new Float32Array(read);
    const u = new Uint32Array(read);
    const column = (values: Float32Array | Uint32Array, word: number): number[] =>
      Array.from({ length: asked }, (_, i) => values[i * RANK_WORDS + word]!);
    return {
      logprob: column(f, 0),
      bestLogprob: column(f, 1),
      rank: column(u, 2),
      cost: { rows: positions.length, dispatches: list.length },
    };
  }

  /** All layers over `room` rows, and what the first `heads` of them say of `tokens`. */
  private list(room: number, heads: number): Promise<DispatchList> {
    const name = `${room}.${heads}`;
    let made = this.lists.get(name);
    if (!made) {
      const list = new DispatchList(this.engine, `guider.${name}`);
      const rec = { list, tuning: this.tuning };
      const { vocabSize } = this.model.facts;
      this.state.recordLayers(rec, { rows: this.rows, bits: this.bits, count: room });
      const { logits } = this;
      for (let firstRow = 0; firstRow < heads; firstRow += this.together) {
        const T = Math.min(this.together, heads - firstRow);
        const part = (buffer: GPUBuffer, words: number): BufferRange => ({
          buffer,
          offset: 4 * words * firstRow,
          size: 4 * words * T,
        });
        matvecHead(rec, { ...this.state.head, logits, firstRow, T });
        const [tokens, out] = [part(this.tokens, 1), part(this.ranks, RANK_WORDS)];
        tokenRanks(rec, { logits, tokens, T, vocabSize, out });
      }
      made = list.compile().then(() => list);
      this.lists.set(name, made);
    }
    return made;
  }

  dispose(): void {
    for (const made of this.lists.values()) void made.then((list) => list.dispose());
    this.state.dispose();
    this.ring.dispose();
    for (const b of this.owned) this.engine.memory.free(b);
  }
}
