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
import { GpuRecorder, outputOf, type RoleState, type SessionBuffers } from "./recorder";

export interface SessionOptions {
  readonly target: GpuModel;
  readonly draft: GpuModel | null;
  readonly seed: number;
  /** Step of the first round's random numbers; rounds are told from 0 all the same. */
  readonly firstStep: number;
  readonly maxNewTokens: number;
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
  private readonly owned: GPUBuffer[] = [];
  private readonly programs: GpuProgram<unknown>[] = [];
  private readonly buffers: SessionBuffers;

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
    ctl[Ctl.STEP] = this.options.firstStep;
    ctl[Ctl.LIMIT] = n + this.options.maxNewTokens;
    ctl[Ctl.SEED] = this.options.seed;
    ctl[Ctl.CONTEXT] = this.maxContext;
    ctl[Ctl.BASE] = n - 1;
    for (let i = 0; i < MAX_END_TOKENS; i++) ctl[Ctl.END + i] = end[i] ?? NONE;
    this.upload(this.buffers.ctl, ctl);
    this.upload(this.buffers.seq, Uint32Array.from(tokens));

    for (let start = 0; start < n - 1; start += PREFILL_ROWS) {
      await this.prefillSpan(start, Math.min(PREFILL_ROWS, n - 1 - start));
    }
  }

  /** Feeds positions [start, start + count) to every model; the list is used once. */
  private async prefillSpan(start: number, count: number): Promise<void> {
    const { gpu, memory } = this.engine;
    const list = new DispatchList(this.engine, `${this.label}.prefill`);
    const rec = { list, tuning: this.options.tuning };
    const rows = memory.create({ label: `${this.label}.prefill.rows`, bytes: 4 * ROW_WORDS * count });
    const bits = memory.create({ label: `${this.label}.prefill.bits`, bytes: 4 * ROW_BIT_WORDS * count });
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
    const list = new DispatchList(this.engine, `${this.label}.round${this.programs.length}`);
    return this.engine.memory.checked("a round of decoding", async () => {
      const rec = { list, tuning: this.options.tuning };
      const recorder = new GpuRecorder(
        rec,
        this.buffers,
        (l, b) => this.allocate(l, b),
        this.options.treeNodes,
        this.options.firstStep,
      );
      const outputs = Object.fromEntries(
        Object.entries(build(recorder)).map(([name, r]) => [name, outputOf(r)]),
      );
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
      this.programs.push(program);
      return program;
    });
  }

  dispose(): void {
    for (const p of this.programs) p.dispose();
    for (const r of Object.values(this.buffers.roles)) r.state.dispose();
    for (const b of this.owned) this.engine.memory.free(b);
    this.owned.length = 0;
  }

  private allocate(label: string, bytes: number): GPUBuffer {
    const buffer = this.engine.memory.create({ label: `${this.label}.${label}`, bytes });
    this.owned.push(buffer);
    return buffer;
  }

  private upload(buffer: GPUBuffer, words: Uint32Array<ArrayBuffer>): void {
    this.engine.gpu.device.queue.writeBuffer(buffer, 0, words);
    this.counts.bytesUploaded += words.byteLength;
  }
}
