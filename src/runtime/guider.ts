/** A causal model that judges stretches of a text: one pass over what it has not seen yet, one readback. */
import type { Judgement } from "../decoding/canvas/session";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { ReadbackRing } from "../engine/readback";
import { ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { rowsSpan } from "../kernels/rows";
import { RANK_WORDS, tokenRanks } from "../kernels/token_ranks";
import type { Tuning } from "../kernels/tuning";
import type { GpuModel, ModelState } from "./gpu_model";
import type { WorkCounts } from "./program";

export class Guider {
  private readonly state: ModelState;
  private readonly owned: GPUBuffer[] = [];
  private readonly seq: GPUBuffer;
  private readonly rows: GPUBuffer;
  private readonly bits: GPUBuffer;
  private readonly logits: GPUBuffer;
  private readonly tokens: GPUBuffer;
  private readonly ranks: GPUBuffer;
  private readonly ring: ReadbackRing;
  /** The text whose keys and values the slots hold. */
  private seen: readonly number[] = [];

  /** @param length most tokens of a text */
  constructor(
    private readonly engine: Engine,
    private readonly model: GpuModel,
    private readonly tuning: Tuning,
    length: number,
    private readonly counts: WorkCounts,
  ) {
    const { memory, gpu } = engine;
    const buffer = (name: string, words: number): GPUBuffer => {
      const made = memory.create({ label: `guider.${name}`, bytes: 4 * words });
      this.owned.push(made);
      return made;
    };
    this.seq = buffer("seq", length);
    this.rows = buffer("rows", ROW_WORDS * length);
    this.bits = buffer("bits", ROW_BIT_WORDS * length);
    this.logits = buffer("logits", length * model.facts.vocabSize);
    this.tokens = buffer("tokens", length);
    this.ranks = buffer("ranks", RANK_WORDS * length);
    this.state = model.createState("guider.model", length, length);
    this.ring = new ReadbackRing(gpu, memory, "guider", 4 * RANK_WORDS * length, 1);
  }

  /** See CanvasSession.judge. The list is used once: texts and stretches differ from call to call. */
  async judge(text: readonly number[], from: number): Promise<Judgement> {
    if (from < 1) throw new Error("the first token of a text has nothing before it to be judged by");
    const asked = text.length - from;
    let known = 0;
    while (known < from - 1 && this.seen[known] === text[known]) known++;
    const count = text.length - 1 - known;
    const { queue } = this.engine.gpu.device;
    queue.writeBuffer(this.seq, 0, Uint32Array.from(text));
    queue.writeBuffer(this.tokens, 0, Uint32Array.from(text.slice(from)));

    const list = new DispatchList(this.engine, "guider");
    const rec = { list, tuning: this.tuning };
    rowsSpan(rec, { seq: this.seq, rows: this.rows, bits: this.bits, start: known, count });
    this.state.recordLayers(rec, { rows: this.rows, bits: this.bits, count });
    this.state.recordHead(rec, count - asked, asked, this.logits, 0);
    const { vocabSize } = this.model.facts;
    tokenRanks(rec, { logits: this.logits, tokens: this.tokens, T: asked, vocabSize, out: this.ranks });
    await list.compile();

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
    const dispatches = list.length;
    list.dispose();
    const f = new Float32Array(read);
    const u = new Uint32Array(read);
    const column = (values: Float32Array | Uint32Array, word: number): number[] =>
      Array.from({ length: asked }, (_, i) => values[i * RANK_WORDS + word]!);
    return {
      logprob: column(f, 0),
      bestLogprob: column(f, 1),
      rank: column(u, 2),
      cost: { rows: count, dispatches },
    };
  }

  dispose(): void {
    this.state.dispose();
    this.ring.dispose();
    for (const b of this.owned) this.engine.memory.free(b);
  }
}
