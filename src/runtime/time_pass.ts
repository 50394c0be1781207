/** Times forward passes of a model by themselves: for choosing kernel variants, and for what N rows cost beside one. */
import { lossOf } from "../engine/device";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { matvecHead } from "../kernels/matvec_head";
import { rowsSpan } from "../kernels/rows";
import type { Tuning } from "../kernels/tuning";
import type { GpuModel, ModelState } from "./gpu_model";

export interface PassOptions {
  /** Rows of the pass, each with its logits. */
  readonly count: number;
  /** Tokens of text before the rows, which they attend to; what these slots hold does not matter to the time. */
  readonly before: number;
  /** Passes in one submit, whose time is divided by them. */
  readonly replays: number;
  /** Submits that are timed, after one that is not. */
  readonly trials: number;
  readonly now: () => number;
}

/**
 * Milliseconds of a forward pass in each trial; null if it cannot be made on this device. Waiting for the device is in the
 * first of the replays only, reading back in none.
 * @throws DecoscopeError "device_lost"
 */
export async function timePass(
  engine: Engine,
  tuning: Tuning,
  model: GpuModel,
  { count, before, replays, trials, now }: PassOptions,
): Promise<readonly number[] | null> {
  const { gpu, memory } = engine;
  const held: GPUBuffer[] = [];
  const buffer = (name: string, words: number): GPUBuffer => {
    const made = memory.create({
      label: `timing.${name}`,
      bytes: 4 * words,
      use: "scratch",
      model: model.facts.id,
    });
    held.push(made);
    return made;
  };
  const list = new DispatchList(engine, "timing");
  let state: ModelState | null = null;
  try {
    const seq = buffer("seq", before + count);
    const rows = buffer("rows", ROW_WORDS * count);
    const bits = buffer("bits", ROW_BIT_WORDS * count);
    const logits = buffer("logits", count * model.facts.vocabSize);
    state = model.createState("timing", before + count, count);
    const rec = { list, tuning };
    rowsSpan(rec, { seq, rows, bits, start: before, count });
    state.recordLayers(rec, { rows, bits, count });
    matvecHead(rec, { ...state.head, logits, T: count });
    await list.compile();
    const times: number[] = [];
    for (let trial = 0; trial <= trials; trial++) {
      const start = now();
      const encoder = gpu.device.createCommandEncoder({ label: "timing" });
      for (let i = 0; i < replays; i++) list.encode(encoder);
      gpu.device.queue.submit([encoder.finish()]);
      await gpu.device.queue.onSubmittedWorkDone();
      // The first trial warms up.
      if (trial > 0) times.push((now() - start) / replays);
    }
    return times;
  } catch {
    const loss = await lossOf(gpu);
    if (loss) throw loss;
    return null;
  } finally {
    list.dispose();
    state?.dispose();
    for (const b of held) memory.free(b);
  }
}

/** Text before the rows: a story's first paragraph. */
const BEFORE = 64;
const TRIALS = 5;
const REPLAYS = 3;
/** No larger pass is begun after this long. */
const BUDGET_MS = 8000;

/**
 * Rows and median milliseconds of passes of 1, 2, 4, ... rows up to the first number of at least `most`, as far as the model's context and a few
 * seconds allow; at least of one row, if that can be made.
 */
export async function timePasses(
  engine: Engine,
  tuning: Tuning,
  model: GpuModel,
  most: number,
  now: () => number = () => performance.now(),
): Promise<readonly { readonly rows: number; readonly ms: number }[]> {
  const end = now() + BUDGET_MS;
  const found: { rows: number; ms: number }[] = [];
  for (let rows = 1; ; rows *= 2) {
    const count = Math.min(rows, model.maxContext);
    const before = Math.min(BEFORE, model.maxContext - count);
    const options = { count, before, replays: REPLAYS, trials: TRIALS, now };
    const times = await timePass(engine, tuning, model, options);
    if (!times) return found;
    const sorted = [...times].sort((a, b) => a - b);
    found.push({ rows: count, ms: sorted[sorted.length >> 1]! });
    if (rows >= most || count < rows || now() >= end) return found;
  }
}
