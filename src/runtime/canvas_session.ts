/**
 * The GPU implementation of decoding/canvas/session.ts. Work is recorded once for each number of rows and replayed: what
 * changes from pass to pass (rows, what to draw) lies in storage buffers. One submit and one readback a pass.
 */
import { DecoscopeError } from "../base/errors";
import type {
  CanvasFacts,
  CanvasPass,
  CanvasSession,
  Judgement,
  PassResult,
} from "../decoding/canvas/session";
import type { ModelFacts } from "../decoding/session";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import type { Profiler } from "../engine/profiler";
import { ReadbackRing } from "../engine/readback";
import { ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { MOST_ROWS } from "../kernels/matvec";
import { drawsOf, STAT_WORDS } from "../kernels/row_stats";
import type { Tuning } from "../kernels/tuning";
import { CanvasHead, MAX_TOP } from "./canvas_head";
import { canvasRows } from "./canvas_rows";
import { Guider } from "./guider";
import { type GpuModel, maskTokenOf, type ModelState } from "./gpu_model";
import type { WorkCounts } from "./program";
import { roomFor } from "./room";
import { decodeScores } from "./scores";

export interface CanvasSessionOptions {
  readonly model: GpuModel;
  /** A causal model with the same vocabulary, or null. */
  readonly guider: GpuModel | null;
  readonly seed: number;
  /** Most positions of the canvas. */
  readonly length: number;
  readonly tuning: Tuning;
  readonly profiler: Profiler | null;
}

let opened = 0;

export class GpuCanvasSession implements CanvasSession {
  readonly model: CanvasFacts;
  readonly guider: ModelFacts | null;
  readonly maxContext: number;
  readonly seed: number;
  readonly counts: WorkCounts & { bytesUploaded: number } = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    bytesUploaded: 0,
  };
  private readonly label = `canvas${++opened}`;
  private readonly owned: GPUBuffer[] = [];
  private readonly state: ModelState;
  /** Most rows of a pass: every position, and one more where a row speaks of the position behind it. */
  private readonly most: number;
  private readonly rows: GPUBuffer;
  private readonly bits: GPUBuffer;
  private readonly head: CanvasHead;
  private readonly ring: ReadbackRing;
  private readonly lists = new Map<string, Promise<DispatchList>>();
  private readonly judging: Guider | null;
  private last: Promise<unknown> = Promise.resolve();

  /** @throws DecoscopeError "limit" if the device has no room, "method" for a model that fills no masks */
  static open(engine: Engine, options: CanvasSessionOptions): Promise<GpuCanvasSession> {
    return engine.memory.checked(
      `a canvas of ${options.length} positions`,
      () => new GpuCanvasSession(engine, options),
    );
  }

  private constructor(
    private readonly engine: Engine,
    private readonly options: CanvasSessionOptions,
  ) {
    const { model, guider, length, seed } = options;
    if (!model.masked)
      throw new DecoscopeError(
        "method",
        `${model.facts.id} appends to a text and fills no masks. Choose a model that denoises.`,
      );
    this.model = {
      ...model.facts,
      ...model.masked,
      maskToken: maskTokenOf(model),
      layerCount: model.layerCount,
    };
    this.guider = guider?.facts ?? null;
    this.maxContext = Math.min(length, model.maxContext);
    this.seed = seed;
    const { memory, gpu } = engine;
    const { vocabSize } = model.facts;
    const T = this.maxContext;
    this.most = T + 1;
    const buffer = (name: string, words: number): GPUBuffer => {
      const made = memory.create({
        label: `${this.label}.${name}`,
        bytes: 4 * words,
        use: "scratch",
        model: model.facts.id,
      });
      this.owned.push(made);
      return made;
    };
    this.rows = buffer("rows", ROW_WORDS * this.most);
    // Stays zero: rows see slots by their bound alone.
    this.bits = buffer("bits", ROW_BIT_WORDS * this.most);
    this.head = new CanvasHead(engine, options.tuning, { rows: T, vocabSize, allocate: buffer });
    this.state = model.createState(`${this.label}.model`, T, this.most);
    this.ring = new ReadbackRing(gpu, memory, this.label, 4 * T * (STAT_WORDS + 2 * MAX_TOP), 2);
    this.judging = guider ? new Guider(engine, guider, options.tuning, T, this.counts) : null;
  }

  denoise(pass: CanvasPass): Promise<PassResult> {
    const run = this.last.then(() => this.passNow(pass));
    this.last = run.catch(() => undefined);
    return run;
  }

  judge(text: readonly number[], from: number): Promise<Judgement> {
    const { judging } = this;
    if (!judging)
      return Promise.reject(new DecoscopeError("method", "This run has no model that judges. Choose one."));
    const run = this.last.then(() => judging.judge(text, from));
    this.last = run.catch(() => undefined);
    return run;
  }

  private async passNow(pass: CanvasPass): Promise<PassResult> {
    const { engine, options, model, head } = this;
    const { tokens, promptLength, scored } = pass;
    const length = tokens.length;
    if (length > this.maxContext)
      throw new Error(`a canvas of ${length} positions, room for ${this.maxContext}`);
    // Rows that speak of scored positions come first: the head takes a stretch of rows.
    const speaking = scored.map((p) => Math.max(0, p - model.logitShift));
    const isFirst = new Set(speaking);
    const positions = [...speaking, ...pass.query.filter((p) => !isFirst.has(p))];
    const room = roomFor(positions.length, this.most);
    // Layers and head are multiplied with so many rows at the most.
    if (room > MOST_ROWS)
      throw new DecoscopeError(
        "limit",
        `Expected at most ${MOST_ROWS} positions in a pass over a canvas, found ${positions.length}. Choose a shorter prompt or fewer new tokens.`,
      );
    const heads = scored.length === 0 ? 0 : Math.min(this.maxContext, roomFor(scored.length, room));
    const k = scored.length === 0 ? 0 : head.listed(pass.top);

    const { queue } = engine.gpu.device;
    const upload = (buffer: GPUBuffer, words: Uint32Array<ArrayBuffer>): void => {
      queue.writeBuffer(buffer, 0, words);
      this.counts.bytesUploaded += words.byteLength;
    };
    const lists = [await this.layers(room), ...(heads > 0 ? [await this.heads(heads, k)] : [])];
    upload(this.rows, canvasRows({ tokens, promptLength }, positions, model, room));
    if (heads > 0) upload(head.draws, drawsOf({ ...pass, seed: this.seed, positions: scored }));

    const statBytes = 4 * STAT_WORDS * heads;
    const topBytes = 8 * heads * k;
    const staging = await this.ring.take();
    const encoder = engine.gpu.device.createCommandEncoder({ label: this.label });
    for (const list of lists) list.encode(encoder, options.profiler);
    if (heads > 0) encoder.copyBufferToBuffer(head.stats, 0, staging, 0, statBytes);
    if (k > 0) encoder.copyBufferToBuffer(head.top, 0, staging, statBytes, topBytes);
    queue.submit([encoder.finish()]);
    const dispatches = lists.reduce((sum, list) => sum + list.length, 0);
    this.counts.dispatches += dispatches;
    this.counts.submits++;
    this.counts.readbacks++;
    const bytes = await this.ring.read(staging, Math.max(16, statBytes + topBytes));
    const scores = decodeScores(bytes, {
      positions: scored,
      rows: heads,
      k,
      top: pass.top,
      banned: pass.banned,
    });
    return { scores, cost: { rows: positions.length, dispatches } };
  }

  /** All layers over `room` rows. */
  private layers(room: number): Promise<DispatchList> {
    return this.list(`layers${room}`, (list) => {
      const rec = { list, tuning: this.options.tuning };
      this.state.recordLayers(rec, { rows: this.rows, bits: this.bits, count: room });
    });
  }

  /** Head and statistics of the first `count` rows, and their k most probable tokens. */
  private heads(count: number, k: number): Promise<DispatchList> {
    return this.list(`head${count}.${k}`, (list) => {
      this.head.record({ list, tuning: this.options.tuning }, this.state.head, count, k);
    });
  }

  private list(name: string, record: (list: DispatchList) => void): Promise<DispatchList> {
    let made = this.lists.get(name);
    if (!made) {
      const list = new DispatchList(this.engine, `${this.label}.${name}`);
      record(list);
      made = list.compile().then(() => list);
      this.lists.set(name, made);
    }
    return made;
  }

  dispose(): void {
    for (const made of this.lists.values()) void made.then((list) => list.dispose());
    this.judging?.dispose();
    this.state.dispose();
    this.ring.dispose();
    for (const b of this.owned) this.engine.memory.free(b);
    this.owned.length = 0;
  }
}
