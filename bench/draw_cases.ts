/**
 * `npm run bench:kernels -- --set draw [--vocab 151936] [--dim 256] [--rounds 15] [--variant int4]`: the head that draws in its own pass beside head,
 * law, list and draw one after another. Both are checked to draw the same tokens, then timed in turns.
 */
import type { Gpu } from "../src/engine/device";
import { DispatchList } from "../src/engine/dispatch_list";
import { Ctl, CTL_WORDS, outcomeArray, OutcomeArray, outcomeWords } from "../src/kernels/layouts";
import { foundWords, matvecDraw } from "../src/kernels/matvec_draw";
import { matvecHead } from "../src/kernels/matvec_head";
import { processLogits } from "../src/kernels/process_logits";
import { sampleCommit } from "../src/kernels/sample_commit";
import { topTokens } from "../src/kernels/top_tokens";
import { defaultTuning, type Recording } from "../src/kernels/tuning";
import { freeWeights, WEIGHT_STORAGES } from "../src/kernels/weights";
import { download, makeEngine, noise, upload, weightsOf } from "../tests/helpers/dense";
import { timed, timedInTurns } from "./timed";

export interface DrawFigures {
  readonly storage: string;
  readonly temperature: number;
  /** Tokens listed beside the draw. */
  readonly k: number;
  readonly way: "apart" | "drawn";
  readonly dispatches: number;
  /** By everything but the outcome of the round. */
  readonly bytesWritten: number;
  readonly weightBytes: number;
  /** Of one token, in ms, sorted. */
  readonly times: number[];
}

const EPS = 1e-5;
const STEPS = 4;

/** Checks and times a vocabulary of one part. @throws Error if the two ways draw different tokens */
export async function measureDraws(
  gpu: Gpu,
  o: { readonly vocabSize: number; readonly dim: number; readonly rounds: number; readonly storage: string },
): Promise<DrawFigures[]> {
  const { vocabSize: V, dim } = o;
  const engine = makeEngine(gpu);
  const tuning = defaultTuning(gpu.features);
  const values = noise(V * dim, 7).map((w) => (3 * w) / Math.sqrt(dim));
  const shared = {
    x: upload(engine, "bench.x", noise(dim, 1)),
    gain: upload(engine, "bench.gain", noise(dim, 3)),
  };
  const text = () => ({
    ctl: upload(engine, "bench.ctl", new Uint32Array(CTL_WORDS)),
    seq: upload(engine, "bench.seq", new Uint32Array(1024)),
    outcome: upload(engine, "bench.outcome", new Uint32Array(outcomeWords(1))),
  });
  const logits = upload(engine, "bench.logits", new Float32Array(V));
  const figures: DrawFigures[] = [];
  for (const storage of WEIGHT_STORAGES.filter((name) => name.includes(o.storage))) {
    const weight = await weightsOf(engine, values, dim, storage);
    const weightBytes = weight.data.size + (weight.scales?.size ?? 0);
    for (const [temperature, k] of [
      [0, 0],
      [1, 0],
      [1, 10],
    ] as const) {
      const made: GPUBuffer[] = [];
      const found = upload(engine, "bench.found", new Uint32Array(foundWords(k)));
      made.push(found);
      const ways = {
        apart: (rec: Recording, t: ReturnType<typeof text>): number => {
          matvecHead(rec, { ...shared, weight, logits, T: 1, dim, vocabSize: V, eps: EPS });
          processLogits(rec, {
            ...{ ...t, logits, tree: null, allowed: null, firstRow: 0, T: 1, vocabSize: V, temperature },
            ...{ topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
          });
          if (k > 0) topTokens(rec, { laws: logits, firstRow: 0, T: 1, vocabSize: V, k, out: found });
          sampleCommit(rec, { ...t, laws: logits, row: 0, vocabSize: V, greedy: temperature === 0 });
          // Logits, and the law in their place.
          return 2 * 4 * V + 8 * k;
        },
        drawn: (rec: Recording, t: ReturnType<typeof text>): number => {
          const allocate = (bytes: number): GPUBuffer => {
            const pieces = upload(engine, "bench.pieces", new Uint32Array(bytes / 4));
            made.push(pieces);
            return pieces;
          };
          const head = { ...shared, weight, dim, vocabSize: V, eps: EPS };
          return matvecDraw(rec, { ...head, ...t, temperature, k, found, allocate }) + 4 * foundWords(k);
        },
      };
      const jobs: { way: "apart" | "drawn"; list: DispatchList; figures: DrawFigures; tokens: number[] }[] =
        [];
      for (const way of ["apart", "drawn"] as const) {
        const t = text();
        made.push(...Object.values(t));
        const list = new DispatchList(engine, `bench.${way}`);
        const bytesWritten = ways[way]({ list, tuning }, t);
        await list.compile();
        const tokens: number[] = [];
        const ctl = new Uint32Array(CTL_WORDS).fill(0xffffffff);
        ctl.set([1, 0, 0, 1 << 20, 5, 1 << 20, 0, 0], Ctl.N);
        gpu.device.queue.writeBuffer(t.ctl, 0, ctl);
        for (let step = 0; step < STEPS; step++) {
          await timed(gpu, list);
          const outcome = new Uint32Array(await download(engine, t.outcome));
          tokens.push(outcome[outcomeArray(OutcomeArray.TOKENS, 1)]!);
        }
        const figure = { storage, temperature, k, way, dispatches: list.length, bytesWritten, weightBytes };
        jobs.push({ way, list, tokens, figures: { ...figure, times: [] } });
      }
      const [apart, drawn] = jobs;
      if (String(apart!.tokens) !== String(drawn!.tokens))
        throw new Error(
          `${storage}, temperature ${temperature}: ${apart!.tokens.join(" ")} and ${drawn!.tokens.join(" ")} were drawn`,
        );
      figures.push(...(await timedInTurns(gpu, jobs, o.rounds)));
      made.forEach((b) => engine.memory.free(b));
    }
    freeWeights(engine.memory, weight);
  }
  return figures;
}

/** A table of them; ratios are of the least and the middle time, apart by drawn. */
export function drawTable(figures: readonly DrawFigures[]): string {
  const middle = ({ times }: DrawFigures): number => times[times.length >> 1]!;
  const lines = figures
    .filter(({ way }) => way === "drawn")
    .map((d) => {
      const a = figures.find(
        (f) => f.way === "apart" && f.storage === d.storage && f.temperature === d.temperature && f.k === d.k,
      )!;
      const ms = (t: number): string => t.toFixed(2);
      return `| ${d.storage} | ${d.temperature} | ${d.k} | ${a.dispatches} / ${d.dispatches} | ${a.bytesWritten} / ${d.bytesWritten} | ${ms(a.times[0]!)} / ${ms(d.times[0]!)} | ${(a.times[0]! / d.times[0]!).toFixed(2)} | ${(middle(a) / middle(d)).toFixed(2)} |`;
    });
  return [
    "| storage | temperature | listed | dispatches | bytes written | least ms | ratio of least | ratio of middle |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
