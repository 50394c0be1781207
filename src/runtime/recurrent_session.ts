/**
 * The GPU implementation of decoding/depth/session.ts. A pass is recorded once for each number of rows and policy, and
 * replayed: admission of rows to a recurrence, the core and the readouts all follow one another on the device.
 */
import type { CachePolicy } from "../decoding/depth/policy";
import type { DepthPass, DepthResult, DepthSession, RecurrentFacts } from "../decoding/depth/session";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import type { Profiler } from "../engine/profiler";
import { ReadbackRing } from "../engine/readback";
import type { Tuning } from "../kernels/tuning";
import { DepthMemory } from "./depth_memory";
import type { DepthModel } from "./depth_model";
import { type PassShape, passShape, recordPass } from "./depth_pass";
import { decodePass } from "./depth_readback";
import type { WorkCounts } from "./program";

export interface DepthSessionOptions {
  readonly model: DepthModel;
  readonly seed: number;
  /** Most positions of the text. */
  readonly length: number;
  /** Most recurrences of a pass. */
  readonly maxRecurrence: number;
  readonly cache: CachePolicy;
  readonly tuning: Tuning;
  readonly profiler: Profiler | null;
}

interface RecordedPass {
  readonly list: DispatchList;
  readonly ring: ReadbackRing;
}

let opened = 0;

export class GpuDepthSession implements DepthSession {
  readonly model: RecurrentFacts;
  readonly maxContext: number;
  readonly maxRows: number;
  readonly seed: number;
  readonly counts: WorkCounts & { bytesUploaded: number } = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    bytesUploaded: 0,
  };
  private readonly label = `depth${++opened}`;
  private readonly memory: DepthMemory;
  private readonly passes = new Map<string, Promise<RecordedPass>>();
  /** Whether all recurrences share their slots. */
  private readonly isOneBank: boolean;
  /** Banks that each position has filled. */
  private filled: number[] = [];
  /** Passes in a row that measured each position's step. */
  private steps: number[] = [];
  private last: Promise<unknown> = Promise.resolve();

  /** @throws DecoscopeError "limit" if the device has no room */
  static open(engine: Engine, options: DepthSessionOptions): Promise<GpuDepthSession> {
    return engine.memory.checked(
      `a text of ${options.length} positions with up to ${options.maxRecurrence} recurrences`,
      () => new GpuDepthSession(engine, options),
    );
  }

  private constructor(
    private readonly engine: Engine,
    private readonly options: DepthSessionOptions,
  ) {
    const { model, seed, length, maxRecurrence, cache } = options;
    this.model = { ...model.facts, recurrence: model.recurrence };
    this.maxContext = Math.min(length, model.maxContext);
    this.maxRows = this.maxContext;
    this.seed = seed;
    this.isOneBank = cache === "latest" || cache === "first-recurrence";
    this.memory = new DepthMemory(model, this.label, {
      slots: this.maxContext,
      banks: this.isOneBank ? 1 : maxRecurrence,
      maxRecurrence,
      seed,
    });
  }

  run(pass: DepthPass): Promise<DepthResult> {
    const run = this.last.then(() => this.runNow(pass));
    this.last = run.catch(() => undefined);
    return run;
  }

  private async runNow(pass: DepthPass): Promise<DepthResult> {
    this.check(pass);
    const shape = passShape(pass, this.maxRows);
    const { list, ring } = await this.recorded(shape);
    this.counts.bytesUploaded += this.memory.upload(pass, shape.room);
    const { gpu } = this.engine;
    const staging = await ring.take();
    const encoder = gpu.device.createCommandEncoder({ label: this.label });
    encoder.clearBuffer(this.memory.signals);
    list.encode(encoder, this.options.profiler);
    let at = 0;
    for (const [buffer, bytes] of this.memory.outputs(shape)) {
      encoder.copyBufferToBuffer(buffer, 0, staging, at, bytes);
      at += bytes;
    }
    gpu.device.queue.submit([encoder.finish()]);
    this.counts.dispatches += list.length;
    this.counts.submits++;
    this.counts.readbacks++;
    const first = pass.rows[0]!.position;
    const known = this.filled.length;
    const { recurrence } = this.options.model;
    this.steps.length = Math.min(this.steps.length, known);
    const rows = decodePass(await ring.read(staging, at), pass, shape, known, this.steps, recurrence);
    if (shape.accelerates)
      for (const { position } of pass.rows) this.steps[position] = (this.steps[position] ?? 0) + 1;
    const kvEntries = this.countEntries(pass, rows, first);
    return { rows, kvEntries, bankEntries: this.bankEntries(), cost: { dispatches: list.length } };
  }

  /**
   * A pass that reads, with the laws [rows, V] that its tokens were drawn from, as natural logarithms. For measuring:
   * methods get the most probable tokens and no more.
   */
  async laws(pass: DepthPass): Promise<{ readonly result: DepthResult; readonly laws: Float32Array }> {
    const result = await this.run(pass);
    const { gpu, memory } = this.engine;
    const bytes = 4 * pass.rows.length * this.model.vocabSize;
    const ring = new ReadbackRing(gpu, memory, `${this.label}.laws`, bytes, 1);
    const staging = await ring.take();
    const encoder = gpu.device.createCommandEncoder({ label: `${this.label}.laws` });
    encoder.copyBufferToBuffer(this.memory.logits, 0, staging, 0, bytes);
    gpu.device.queue.submit([encoder.finish()]);
    const laws = new Float32Array(await ring.read(staging, bytes));
    ring.dispose();
    return { result, laws };
  }

  /** Entries after each recurrence of a pass, which replaces everything from its first position on. */
  private countEntries(pass: DepthPass, rows: DepthResult["rows"], first: number): number[] {
    this.filled = this.filled.slice(0, first);
    const { nCore } = this.model.recurrence;
    const { isOneBank } = this;
    const most = rows.reduce((max, row) => Math.max(max, row.depth), 0);
    const before = this.filled.reduce((sum, banks) => sum + banks, 0);
    const at = (r: number): number =>
      rows.reduce((sum, { depth }) => sum + (isOneBank ? 1 : Math.min(depth, r)), before);
    const entries = Array.from({ length: most }, (_, i) => nCore * at(i + 1));
    pass.rows.forEach((row, i) => (this.filled[row.position] = isOneBank ? 1 : rows[i]!.depth));
    return entries;
  }

  /** Entries of each bank that holds any. */
  private bankEntries(): number[] {
    const most = this.filled.reduce((a, b) => Math.max(a, b), 0);
    const { nCore } = this.model.recurrence;
    return Array.from({ length: most }, (_, i) => nCore * this.filled.filter((banks) => banks > i).length);
  }

  private check({ rows, policy, cache }: DepthPass): void {
    const end = rows.at(-1)!.position + 1;
    const { maxRecurrence } = this.options;
    if (end > this.maxContext) throw new Error(`a text of ${end} positions, room for ${this.maxContext}`);
    if (policy.maxRecurrence > maxRecurrence || cache !== this.options.cache)
      throw new Error(`opened for ${maxRecurrence} recurrences and the cache "${this.options.cache}"`);
  }

  private recorded(shape: PassShape): Promise<RecordedPass> {
    const key = JSON.stringify(shape);
    let made = this.passes.get(key);
    if (!made) {
      const { engine, memory } = this;
      made = engine.memory.checked("a pass of recurrent depth", async () => {
        const list = new DispatchList(engine, `${this.label}.pass${this.passes.size}`);
        recordPass({ list, tuning: this.options.tuning }, memory, shape);
        await list.compile();
        const bytes = memory.outputs(shape).reduce((sum, [, size]) => sum + size, 0);
        return { list, ring: new ReadbackRing(engine.gpu, engine.memory, list.label, bytes, 2) };
      });
      this.passes.set(key, made);
    }
    return made;
  }

  dispose(): void {
    for (const made of this.passes.values())
      void made.then(
        ({ list, ring }) => {
          list.dispose();
          ring.dispose();
        },
        () => undefined, // it failed to be made, and said so then
      );
    this.memory.dispose();
  }
}
