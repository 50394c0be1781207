/**
 * What bench/kernels.ts measures: the dense kernels at the shapes of a model, each variant checked against float64 first,
 * then timed in turns with all others. Needs no Node, so that the same measurement can be made in a page.
 */
import type { Gpu } from "../src/engine/device";
import { DispatchList, type Engine } from "../src/engine/dispatch_list";
import { ROW_WORDS } from "../src/kernels/layouts";
import { matvecGated } from "../src/kernels/matvec_gated";
import { matvecHead } from "../src/kernels/matvec_head";
import { matvecQkv } from "../src/kernels/matvec_qkv";
import { matvecResidual } from "../src/kernels/matvec_residual";
import { ropeTable } from "../src/kernels/rope";
import { defaultTuning, type Recording, type Tuning } from "../src/kernels/tuning";
import { gatedRowOrder, type WeightMatrix, type WeightStorage } from "../src/kernels/weights";
import { downloadF32, makeEngine, noise, reorder, upload, weightsOf } from "../tests/helpers/dense";
import { addProduct, exactInInt4, gated, head, roundToF16, roundToInt8 } from "../tests/reference/dense";
import { timed } from "./timed";

export interface ModelShape {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly layers: number;
}
export const STORY: ModelShape = {
  dim: 128,
  hiddenDim: 352,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 32,
  vocabSize: 2048,
  layers: 5,
};

export interface VariantChoice {
  readonly name: string;
  readonly storage: WeightStorage;
  readonly tuning: Partial<Tuning>;
}

export interface Measurement {
  readonly kernel: string;
  readonly T: number;
  readonly variant: string;
  readonly label: string;
  /** Times of one dispatch in ms, sorted. */
  readonly times: number[];
  readonly flop: number;
  readonly weightBytes: number;
  /** Dispatches of this kernel per forward pass of the model. */
  readonly calls: number;
}

interface Job {
  readonly measurement: Measurement;
  readonly list: DispatchList;
}

/** Dispatches per submit: enough that the submit itself does not count. */
const REPEAT = 20;

interface KernelCase {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly calls: number;
  /** Sixteenfold headroom over what rounding can do; a wrong index is off by far more. */
  readonly tolerance: number;
  record(rec: Recording, weight: WeightMatrix, T: number): void;
  /** Largest error over the rows of the result. */
  error(values: Float32Array, T: number): Promise<number>;
  readonly order: Uint32Array | null;
  reset?(): void;
}

function cases(engine: Engine, s: ModelShape, most: number): KernelCase[] {
  const { dim, hiddenDim, nHeads, nKvHeads, headDim, vocabSize } = s;
  const x = noise(most * dim, 1);
  const a = noise(most * Math.max(hiddenDim, nHeads * headDim), 2);
  const gain = noise(dim, 3);
  const create = (bytes: number): GPUBuffer =>
    engine.memory.create({ label: "bench.buffer", bytes, use: "scratch" });
  const rows = new Uint32Array(most * ROW_WORDS);
  for (let t = 0; t < most; t++) rows.set([0, t, t], t * ROW_WORDS);
  const b = {
    x: upload(engine, "bench.x", x),
    a: upload(engine, "bench.a", a),
    y: create(4 * most * dim),
    gain: upload(engine, "bench.gain", gain),
    rows: upload(engine, "bench.rows", rows),
    rope: upload(engine, "bench.rope", ropeTable(most, headDim, 10000)),
    q: create(4 * most * nHeads * headDim),
    cache: create(8 * most * nKvHeads * headDim),
    hidden: create(4 * most * hiddenDim),
    logits: create(4 * most * vocabSize),
  };
  const eps = 1e-5;
  const row = (v: Float32Array, t: number, n: number): Float64Array<ArrayBuffer> =>
    Float64Array.from(v.subarray(t * n, (t + 1) * n));
  const worst = async (
    buffer: GPUBuffer,
    T: number,
    n: number,
    expected: (t: number) => Float64Array,
  ): Promise<number> => {
    const found = await downloadF32(engine, buffer);
    let m = 0;
    for (let t = 0; t < T; t++)
      expected(t).forEach((v, i) => {
        m = Math.max(m, Math.abs(v - found[t * n + i]!));
      });
    return m;
  };
  const zero = (buffer: GPUBuffer): void => {
    engine.gpu.device.queue.writeBuffer(buffer, 0, new Uint8Array(buffer.size));
  };
  const residual = (name: string, cols: number): KernelCase => ({
    name,
    rows: dim,
    cols,
    calls: s.layers,
    tolerance: 1e-3,
    order: null,
    record: (rec, weight, T) => matvecResidual(rec, { a: b.a, weight, x: b.y, T }),
    reset: () => zero(b.y),
    error: (values, T) =>
      worst(b.y, T, dim, (t) => addProduct(new Float64Array(dim), values, row(a, t, cols))),
  });
  return [
    {
      name: "qkv",
      rows: (nHeads + 2 * nKvHeads) * headDim,
      cols: dim,
      calls: s.layers,
      tolerance: 1e-3,
      order: null,
      record: (rec, weight, T) =>
        matvecQkv(rec, { ...b, weight, T, dim, nHeads, nKvHeads, headDim, slots: most, eps }),
      // Position 0 is not turned: its values, which are the last rows, are the plain product.
      error: async (values) => {
        const outputs = head(row(x, 0, dim), new Float32Array(dim).fill(1), values, eps);
        const v = outputs.slice((nHeads + nKvHeads) * headDim);
        const found = await downloadF32(engine, b.cache);
        return v.reduce((m, e, i) => Math.max(m, Math.abs(e - found[nKvHeads * headDim + i]!)), 0);
      },
    },
    residual("out", nHeads * headDim),
    {
      name: "gated",
      rows: 2 * hiddenDim,
      cols: dim,
      calls: s.layers,
      tolerance: 1e-2,
      order: gatedRowOrder(hiddenDim),
      record: (rec, weight, T) =>
        matvecGated(rec, { x: b.x, weight, hidden: b.hidden, T, dim, hiddenDim, eps }),
      error: (values, T) => worst(b.hidden, T, hiddenDim, (t) => gated(row(x, t, dim), values, eps)),
    },
    residual("down", hiddenDim),
    {
      name: "head",
      rows: vocabSize,
      cols: dim,
      calls: 1,
      tolerance: 1e-3,
      order: null,
      record: (rec, weight, T) =>
        matvecHead(rec, { x: b.x, gain: b.gain, weight, logits: b.logits, T, dim, vocabSize, eps }),
      error: (values, T) => worst(b.logits, T, vocabSize, (t) => head(row(x, t, dim), gain, values, eps)),
    },
  ];
}

export interface MeasureOptions {
  readonly shape: ModelShape;
  readonly rowCounts: readonly number[];
  readonly variants: readonly VariantChoice[];
  readonly rounds: number;
  /** Only kernels whose names contain this. */
  readonly filter: string;
}

/** Checks and times everything. @throws Error if a result is wrong */
export async function measure(gpu: Gpu, options: MeasureOptions): Promise<Measurement[]> {
  const engine = makeEngine(gpu);
  const jobs: Job[] = [];
  for (const c of cases(engine, options.shape, Math.max(...options.rowCounts))) {
    if (!c.name.includes(options.filter)) continue;
    const plain = noise(c.rows * c.cols, 7).map((w) => w / Math.sqrt(c.cols));
    const stored = {
      f32: plain,
      f16: roundToF16(plain),
      int8: roundToInt8(plain, c.cols, 32),
      int4: exactInInt4(plain, c.cols, 32),
    };
    const inOrder = (values: Float32Array) => (c.order ? reorder(values, c.cols, c.order) : values);
    const weights = new Map<WeightStorage, WeightMatrix>();
    for (const storage of new Set(options.variants.map((v) => v.storage)))
      weights.set(
        storage,
        await weightsOf(engine, inOrder(storage === "int4" ? stored.int4 : plain), c.cols, storage),
      );
    for (const T of options.rowCounts)
      for (const v of options.variants) {
        const weight = weights.get(v.storage)!;
        const tuning = { ...defaultTuning(gpu.features), ...v.tuning };
        const submit = async (repeat: number): Promise<DispatchList> => {
          const list = new DispatchList(engine, "bench");
          for (let i = 0; i < repeat; i++) c.record({ list, tuning }, weight, T);
          await list.compile();
          return list;
        };
        c.reset?.();
        const once = await submit(1);
        const label = once.kernels()[0]!;
        await timed(gpu, once);
        const error = await c.error(stored[v.storage], T);
        // Integer products also round the activations.
        if (!(error < (v.storage === "int8" ? 0.5 : c.tolerance)))
          throw new Error(`${c.name}, ${T} rows, ${v.name}: the result is off by ${error}`);
        once.dispose();
        jobs.push({
          list: await submit(REPEAT),
          measurement: {
            kernel: c.name,
            T,
            variant: v.name,
            label,
            times: [],
            flop: 2 * c.rows * c.cols * T,
            weightBytes: weight.data.size + (weight.scales?.size ?? 0),
            calls: c.calls,
          },
        });
      }
  }
  // In turns, so that what else the machine does meets all alike.
  for (let round = 0; round < options.rounds; round++)
    for (const { list, measurement } of jobs) measurement.times.push((await timed(gpu, list)) / REPEAT);
  for (const { list, measurement } of jobs) {
    measurement.times.sort((p, q) => p - q);
    list.dispose();
  }
  return jobs.map((j) => j.measurement);
}
