/** The GPU implementation of decoding/session.ts: one text, the models that work on it, and the programs recorded for it. */
import { DecoscopeError } from "../base/errors";
import type { ModelFacts, Program, ReadableMap, Recorder, Session, Values } from "../decoding/session";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import type { Profiler } from "../engine/profiler";
import { Ctl, CTL_WORDS, NONE, ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { rowsSpan } from "../kernels/rows";
import type { Tuning } from "../kernels/tuning";
import type { GpuModel } from "./gpu_model";
import { GpuProgram, type WorkCounts } from "./program";
import { outputOf, type RoleState, type SessionBuffers } from "./handles";
import { GpuRecorder } from "./recorder";

/** What is said of one text; a session that goes on with another takes it anew. */
export interface TextOptions {
  readonly seed: number;
  /** Step of the first round's random numbers; rounds are told from 0 all the same. */
  readonly firstStep: number;
  readonly maxNewTokens: number;
}

export interface SessionOptions extends TextOptions {
  readonly target: GpuModel;
  readonly draft: GpuModel | null;
  /** Most nodes of a tree, the anchor included; 1 for methods without trees. */
  readonly treeNodes: number;
  readonly tuning: Tuning;
  readonly profiler: Profiler | null;
}

/** Rows of one prefill dispatch list; larger prompts take several. */
const PREFILL_ROWS = 128;
const MAX_END_TOKENS = 4;

let opened = 0;

export class GpuSession implements Session {
  readonly target: ModelFacts;
  readonly draft: ModelFacts | null;
  readonly maxContext: number;
  readonly counts: WorkCounts & { bytesUploaded: number } = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    bytesUploaded: 0,
  };
  private readonly label: string;
  /** Rows of the last prompt that were fed, and those that lay in the caches already. */
  prefilled: { readonly rows: number; readonly reused: number } = { rows: 0, reused: 0 };
  private readonly owned: GPUBuffer[] = [];
  /** With the buffers that live as long as they do. */
  private readonly programs = new Map<GpuProgram<unknown>, readonly GPUBuffer[]>();
  private readonly buffers: SessionBuffers;
  private text: TextOptions;
  /** Tokens whose keys and values lie in the slots from 0 on, of every model. */
  private held: readonly number[] = [];

  /** @throws DecoscopeError "limit" if the device has no room */
  static open(engine: Engine, options: SessionOptions): Promise<GpuSession> {
    const what = `a text of ${options.target.maxContext} tokens`;
    return engine.memory.checked(what, () => new GpuSession(engine, options));
  }

  private constructor(
    private readonly engine: Engine,
    private readonly options: SessionOptions,
  ) {
    const { target, draft, treeNodes } = options;
    this.text = options;
    this.label = `session${++opened}`;
    this.target = target.facts;
    this.draft = draft?.facts ?? null;
    this.maxContext = Math.min(target.maxContext, draft?.maxContext ?? Infinity);
    const slots = this.maxContext + treeNodes;
    const maxRows = Math.max(treeNodes, Math.min(PREFILL_ROWS, this.maxContext), 2);
    const role = (model: GpuModel, name: string): RoleState => ({
      model,
      state: model.createState(`${this.label}.${name}`, slots, maxRows, options.seed),
    });
    this.buffers = {
      ctl: this.allocate("ctl", 4 * CTL_WORDS),
      seq: this.allocate("seq", 4 * (this.maxContext + treeNodes + 1)),
      roles: { target: role(target, "target"), ...(draft ? { draft: role(draft, "draft") } : {}) },
    };
  }

  /**
   * Makes ready for another text: programs are forgotten, slots are kept.
   * @param tokens a text that was committed here; the keys of its last token were not written yet, nor, where a draft model runs
   * behind, those of the one before
   */
  goOn(tokens: readonly number[], text: TextOptions): void {
    this.forgetPrograms();
    this.held = tokens.slice(0, Math.max(0, tokens.length - (this.draft ? 2 : 1)));
    this.text = text;
  }

  /** Runs a prompt through the models, from the first token on that the slots do not hold. */
  async prefill(tokens: readonly number[]): Promise<void> {
    const n = tokens.length;
    const end = this.options.target.facts.endTokens;
    if (end.length > MAX_END_TOKENS) {
      throw new DecoscopeError(
        "unsupported",
        `${this.target.id} names ${end.length} tokens that end a text; at most ${MAX_END_TOKENS} are supported. Choose another model.`,
      );
    }
    const ctl = new Uint32Array(CTL_WORDS);
    ctl[Ctl.N] = n;
    ctl[Ctl.STEP] = this.text.firstStep;
    ctl[Ctl.LIMIT] = n + this.text.maxNewTokens;
    ctl[Ctl.SEED] = this.text.seed;
    ctl[Ctl.CONTEXT] = this.maxContext;
    ctl[Ctl.BASE] = n - 1;
    for (let i = 0; i < MAX_END_TOKENS; i++) ctl[Ctl.END + i] = end[i] ?? NONE;
    this.upload(this.buffers.ctl, ctl);
    this.upload(this.buffers.seq, Uint32Array.from(tokens));

    const differs = tokens.findIndex((token, i) => this.held[i] !== token);
    // A state cannot be cut where texts part: it begins anew with position 0.
    const keepsState = Object.values(this.buffers.roles).some(({ model }) => model.keepsState);
    const reused = keepsState ? 0 : Math.min(differs < 0 ? n : differs, n - 1);
    // What is written from here on is another text, whatever becomes of it.
    this.held = tokens.slice(0, reused);
    for (let start = reused; start < n - 1; start += PREFILL_ROWS) {
      await this.prefillSpan(start, Math.min(PREFILL_ROWS, n - 1 - start));
    }
    this.held = tokens.slice(0, n - 1);
    this.prefilled = { rows: n - 1 - reused, reused };
  }

  /** Feeds positions [start, start + count) to every model; the list is used once. */
  private async prefillSpan(start: number, count: number): Promise<void> {
    const { gpu, memory } = this.engine;
    const list = new DispatchList(this.engine, `${this.label}.prefill`);
    const rec = { list, tuning: this.options.tuning };
    const rows = this.scratch("prefill.rows", 4 * ROW_WORDS * count);
    const bits = this.scratch("prefill.bits", 4 * ROW_BIT_WORDS * count);
    rowsSpan(rec, { seq: this.buffers.seq, rows, bits, start, count });
    for (const { state } of Object.values(this.buffers.roles)) state.recordLayers(rec, { rows, bits, count });
    await list.compile();
    const encoder = gpu.device.createCommandEncoder({ label: `${this.label}.prefill` });
    list.encode(encoder);
    gpu.device.queue.submit([encoder.finish()]);
    this.counts.dispatches += list.length;
    this.counts.submits++;
    list.dispose();
    memory.free(rows);
    memory.free(bits);
  }

  async record<M extends ReadableMap>(build: (ops: Recorder) => M): Promise<Program<Values<M>>> {
    const list = new DispatchList(this.engine, `${this.label}.round${this.programs.size}`);
    const parts = await import("./round_parts");
    return this.engine.memory.checked("a round of decoding", async () => {
      const rec = { list, tuning: this.options.tuning };
      const buffers: GPUBuffer[] = [];
      const recorder = new GpuRecorder(
        rec,
        this.buffers,
        (...asked) => this.create(buffers, ...asked),
        this.options.treeNodes,
        this.text.firstStep,
        parts,
      );
      const outputs = Object.fromEntries(
        Object.entries(build(recorder)).map(([name, r]) => [name, outputOf(r)]),
      );
      recorder.finish();
      await list.compile();
      const readbackBytes = Object.values(outputs).reduce((sum, o) => sum + o.bytes, 0);
      const cost = { ...recorder.counted, dispatches: list.length, readbackBytes };
      const program = new GpuProgram<Values<M>>(
        this.engine,
        list,
        outputs,
        cost,
        this.counts,
        this.options.profiler,
      );
      this.programs.set(program, buffers);
      return program;
    });
  }

  dispose(): void {
    this.forgetPrograms();
    for (const r of Object.values(this.buffers.roles)) r.state.dispose();
    for (const b of this.owned) this.engine.memory.free(b);
    this.owned.length = 0;
  }

  private forgetPrograms(): void {
    for (const [program, buffers] of this.programs) {
      program.dispose();
      for (const b of buffers) this.engine.memory.free(b);
    }
    this.programs.clear();
  }

  private allocate(label: string, bytes: number): GPUBuffer {
    return this.create(this.owned, label, bytes);
  }

  /** Counted as shared by the models, unless one is given. */
  private create(owner: GPUBuffer[], label: string, bytes: number, model?: string): GPUBuffer {
    const buffer = this.scratch(label, bytes, model);
    owner.push(buffer);
    return buffer;
  }

  private scratch(name: string, bytes: number, model?: string): GPUBuffer {
    const label = `${this.label}.${name}`;
    return this.engine.memory.create({ label, bytes, use: "scratch", model });
  }

  private upload(buffer: GPUBuffer, words: Uint32Array<ArrayBuffer>): void {
    this.engine.gpu.device.queue.writeBuffer(buffer, 0, words);
    this.counts.bytesUploaded += words.byteLength;
  }
}
