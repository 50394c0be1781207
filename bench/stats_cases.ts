/**
 * `npm run bench:kernels -- --set stats [--vocab 151936] [--dim 256] [--rows 1,16,128] [--rounds 15] [--variant int4]`: the head whose
 * rows go into statistics beside head, statistics and list one after another, as a denoising pass has them. Both are checked to
 * find the same tokens, then timed in turns.
 */
import type { Gpu } from "../src/engine/device";
import { DispatchList } from "../src/engine/dispatch_list";
import { matvecHead } from "../src/kernels/matvec_head";
import { matvecStats } from "../src/kernels/matvec_stats";
import { drawsOf, MAX_BANNED, rowStats, Stat, STAT_WORDS } from "../src/kernels/row_stats";
import { topTokens } from "../src/kernels/top_tokens";
import { defaultTuning, type Recording } from "../src/kernels/tuning";
import { freeWeights, WEIGHT_STORAGES } from "../src/kernels/weights";
import { download, makeEngine, noise, upload, weightsOf } from "../tests/helpers/dense";
import { timed, timedInTurns } from "./timed";

export interface StatsFigures {
  readonly storage: string;
  readonly rows: number;
  readonly temperature: number;
  /** Tokens listed of each row. */
  readonly k: number;
  readonly way: "apart" | "fused";
  readonly dispatches: number;
  readonly bytesWritten: number;
  /** From the text of its kernels to the end of the first pass, in ms: some drivers build pipelines when they are first used. */
  readonly firstMs: number;
  /** Of one pass, in ms, sorted. */
  readonly times: number[];
}

const EPS = 1e-5;
const TOKENS = [Stat.ARGMAX, Stat.SECOND, Stat.PROPOSAL] as const;

/** Checks and times a vocabulary of one part. @throws Error if the two ways find different tokens */
export async function measureStats(
  gpu: Gpu,
  o: {
    readonly vocabSize: number;
    readonly dim: number;
    readonly rowCounts: readonly number[];
    readonly rounds: number;
    readonly storage: string;
    readonly choices: Readonly<Record<string, number>>;
  },
): Promise<StatsFigures[]> {
  const { vocabSize: V, dim } = o;
  const engine = makeEngine(gpu);
  const tuning = { ...defaultTuning(gpu.features), choices: o.choices };
  const values = noise(V * dim, 7).map((w) => (3 * w) / Math.sqrt(dim));
  const most = Math.max(...o.rowCounts);
  const shared = {
    x: upload(engine, "bench.x", noise(most * dim, 1)),
    gain: upload(engine, "bench.gain", noise(dim, 3)),
    ...{ dim, vocabSize: V, eps: EPS },
  };
  const logits = engine.memory.create({ label: "bench.logits", bytes: 4 * most * V, use: "scratch" });
  const figures: StatsFigures[] = [];
  for (const storage of WEIGHT_STORAGES.filter((name) => name.includes(o.storage))) {
    const weight = await weightsOf(engine, values, dim, storage);
    for (const T of o.rowCounts)
      for (const [temperature, k] of [
        [0, 0],
        [1, 0],
        [1, 10],
      ] as const) {
        const made: GPUBuffer[] = [];
        const buffer = (words: Uint32Array): GPUBuffer => {
          const b = upload(engine, "bench.buffer", words);
          made.push(b);
          return b;
        };
        const positions = Array.from({ length: T }, (_, i) => i);
        const draws = buffer(drawsOf({ seed: 5, step: 2, temperature, banned: [1], positions }));
        // As a session asks whole rows: those that may not be listed besides.
        const room = k === 0 ? 0 : k + MAX_BANNED;
        const ways = {
          apart: (rec: Recording, stats: GPUBuffer, top: GPUBuffer): number => {
            matvecHead(rec, { ...shared, weight, logits, T });
            rowStats(rec, { laws: logits, draws, firstRow: 0, T, vocabSize: V, out: stats });
            if (k > 0) topTokens(rec, { laws: logits, firstRow: 0, T, vocabSize: V, k: room, out: top });
            return 4 * T * (V + STAT_WORDS + 2 * room);
          },
          fused: (rec: Recording, stats: GPUBuffer, top: GPUBuffer): number => {
            const allocate = (bytes: number): GPUBuffer => buffer(new Uint32Array(bytes / 4));
            const pieces = matvecStats(rec, { ...shared, weight, T, draws, stats, k, top, allocate });
            return pieces + 4 * T * (STAT_WORDS + 2 * k);
          },
        };
        const jobs: { list: DispatchList; figures: StatsFigures; tokens: number[] }[] = [];
        for (const way of ["apart", "fused"] as const) {
          const stats = buffer(new Uint32Array(STAT_WORDS * T));
          const top = buffer(new Uint32Array(2 * T * Math.max(1, room)));
          const list = new DispatchList(engine, `bench.${way}`);
          const bytesWritten = ways[way]({ list, tuning }, stats, top);
          const start = performance.now();
          await list.compile();
          await timed(gpu, list);
          const firstMs = performance.now() - start;
          const words = new Uint32Array(await download(engine, stats));
          const tokens = positions.flatMap((t) => TOKENS.map((s) => words[STAT_WORDS * t + s]!));
          const figure = { storage, rows: T, temperature, k, way, dispatches: list.length };
          jobs.push({ list, tokens, figures: { ...figure, bytesWritten, firstMs, times: [] } });
        }
        const [apart, fused] = jobs;
        if (String(apart!.tokens) !== String(fused!.tokens))
          throw new Error(`${storage}, ${T} rows, temperature ${temperature}: the tokens are not the same`);
        figures.push(...(await timedInTurns(gpu, jobs, o.rounds)));
        made.forEach((b) => engine.memory.free(b));
      }
    freeWeights(engine.memory, weight);
  }
  return figures;
}

/** A table of them; ratios are of the least and the middle time, apart by fused. */
export function statsTable(figures: readonly StatsFigures[]): string {
  const middle = ({ times }: StatsFigures): number => times[times.length >> 1]!;
  const lines = figures
    .filter(({ way }) => way === "fused")
    .map((d) => {
      const a = figures.find(
        (f) =>
          f.way === "apart" &&
          f.storage === d.storage &&
          f.rows === d.rows &&
          f.temperature === d.temperature &&
          f.k === d.k,
      )!;
      const both = (f: (one: StatsFigures) => number, digits: number): string =>
        `${f(a).toFixed(digits)} / ${f(d).toFixed(digits)}`;
      const ratio = (f: (one: StatsFigures) => number): string => (f(a) / f(d)).toFixed(2);
      return `| ${d.storage} | ${d.rows} | ${d.temperature} | ${d.k} | ${both((f) => f.dispatches, 0)} | ${both((f) => f.bytesWritten, 0)} | ${both((f) => f.firstMs, 0)} | ${both((f) => f.times[0]!, 2)} | ${ratio((f) => f.times[0]!)} | ${ratio(middle)} |`;
    });
  return [
    "| storage | rows | temperature | listed | dispatches | bytes written | first pass, ms | least ms | ratio of least | ratio of middle |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
