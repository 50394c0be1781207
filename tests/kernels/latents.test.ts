import { afterAll, describe, expect, test } from "vitest";
import { Row, ROW_WORDS, NONE } from "../../src/kernels/layouts";
import {
  embedMix,
  LatentStart,
  latentStart,
  recurBegin,
  recurEnd,
  routeRows,
  Signal,
  SIGNAL_WORDS,
  Start,
  START_WORDS,
} from "../../src/kernels/latents";
import { Choice, chooseDepth, choiceWords } from "../../src/kernels/choose_depth";
import { chosenDepth } from "../../src/decoding/depth/policy";
import { ACCELERATION, latentAcceleration } from "../../src/kernels/latent_acceleration";
import { Memory, MEMORY_WORDS } from "../../src/kernels/recur_admit";
import { Purpose } from "../../src/base/rng";
import { latentNoise } from "../reference/latent";
import { matvec, softmax } from "../reference/llama";
import { acceleration, cosineDistance, relativeChange } from "../reference/recurrent";
import { normals, REDUCTIONS, useBench } from "./harness";

const bench = useBench();
afterAll(() => bench().free());
const D = 20;
const S = 8;
/** Positions of the rows; null for an idle one. */
const POSITIONS = [2, 5, null, 3];
const T = POSITIONS.length;

function rowsOf(positions: readonly (number | null)[]): Uint32Array {
  const words = new Uint32Array(ROW_WORDS * positions.length);
  positions.forEach((p, i) => {
    words[i * ROW_WORDS + Row.POSITION] = p ?? 0;
    words[i * ROW_WORDS + Row.SLOT] = p ?? NONE;
  });
  return words;
}
interface StartOf {
  readonly kind: number;
  readonly source?: number;
  readonly noise?: number;
  readonly old?: number;
  readonly fresh?: number;
}
function startsOf(list: readonly StartOf[]): Uint32Array {
  const words = new Uint32Array(START_WORDS * list.length);
  const floats = new Float32Array(words.buffer);
  list.forEach((s, i) => {
    words[i * START_WORDS + Start.KIND] = s.kind;
    words[i * START_WORDS + Start.SOURCE] = s.source ?? 0;
    words[i * START_WORDS + Start.STEP] = 4;
    floats[i * START_WORDS + Start.NOISE] = s.noise ?? 0;
    floats[i * START_WORDS + Start.KEEP] = 1 - (s.noise ?? 0);
    floats[i * START_WORDS + Start.OLD] = s.old ?? 0;
    floats[i * START_WORDS + Start.NEW] = s.fresh ?? 1;
  });
  return words;
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const random = (n: number, seed: number): Float32Array => {
  const next = normals(seed);
  return Float32Array.from({ length: n }, next);
};
const rowOf = (m: Float32Array, i: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(m.subarray(i * D, (i + 1) * D));
const near = (found: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void => {
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i]! - expected[i]!)).toBeLessThan(bound);
};

describe("latent_start", () => {
  const before = random(S * D, 1);
  const embeddings = random(S * D, 2);
  const start = async (list: readonly StartOf[]): Promise<Float32Array> => {
    const z = bench().buffer(before);
    const [rows, starts, e] = [rowsOf(POSITIONS), startsOf(list), embeddings].map((b) => bench().buffer(b));
    await bench().run((rec) => {
      const hasCopies = list.some((s) => s.kind === LatentStart.COPY);
      const where = { rows: rows!, T, dim: D, byPosition: true };
      latentStart(rec, { ...where, starts: starts!, e: e!, z, seed: 11, sigma: 0.6, hasCopies });
    });
    return bench().f32(z);
  };
  const idle = { kind: LatentStart.KEPT };

  test("noise is that of the reference, keyed by position", async () => {
    const z = await start([{ kind: LatentStart.RANDOM }, { kind: LatentStart.RANDOM }, idle, idle]);
    // Logarithm, root and the polynomial each lose a few of 24 bits.
    for (const p of [2, 5]) near(rowOf(z, p), latentNoise(11, p, D, 0.6), 1e-6);
    for (const p of [0, 1, 3, 4, 6, 7]) expect(rowOf(z, p)).toEqual(rowOf(before, p));
  });

  test("zeros, embeddings, copies and what was there", async () => {
    const z = await start([
      { kind: LatentStart.ZERO },
      { kind: LatentStart.COPY, source: 2 },
      idle,
      { kind: LatentStart.EMBEDDING },
    ]);
    expect(rowOf(z, 2)).toEqual(new Float64Array(D));
    expect(rowOf(z, 5)).toEqual(rowOf(before, 2));
    expect(rowOf(z, 3)).toEqual(rowOf(embeddings, 3));
    expect(rowOf(z, 0)).toEqual(rowOf(before, 0));
  });

  test("noise is mixed in, anew in every step", async () => {
    const z = await start([{ kind: LatentStart.KEPT, noise: 0.25 }, idle, idle, idle]);
    const fresh = latentNoise(11, 2, D, 0.6, 4, Purpose.LATENT_NOISE);
    near(
      rowOf(z, 2),
      rowOf(before, 2).map((v, d) => 0.75 * v + 0.25 * fresh[d]!),
      1e-6,
    );
  });
});

test("embed_mix: shares of the old and the new embedding, and a row that had none", async () => {
  const [old, x] = [random(S * D, 3), random(T * D, 4)];
  old.fill(NaN, 5 * D, 6 * D);
  const e = bench().buffer(old);
  const [y, w] = [bench().buffer(random(T * D, 5)), bench().buffer(random(T * D, 6))];
  const rows = bench().buffer(rowsOf(POSITIONS));
  const kind = LatentStart.KEPT;
  const starts = bench().buffer(
    startsOf([{ kind, old: 0.1, fresh: 0.9 }, { kind }, { kind }, { kind, fresh: 0.5 }]),
  );
  const fed = bench().buffer(x);
  await bench().run((rec) => {
    embedMix(rec, { rows, T, dim: D, byPosition: true, starts, x: fed, e, y, w });
  });
  const [mixed, copied] = [await bench().f32(e), await bench().f32(y)];
  near(
    rowOf(mixed, 2),
    rowOf(old, 2).map((v, d) => 0.1 * v + 0.9 * rowOf(x, 0)[d]!),
    1e-6,
  );
  near(rowOf(mixed, 5), rowOf(x, 1), 1e-7);
  near(
    rowOf(mixed, 3),
    rowOf(x, 3).map((v) => v / 2),
    1e-7,
  );
  expect(rowOf(copied, 1)).toEqual(rowOf(mixed, 5));
  expect(rowOf(copied, 2)).toEqual(new Float64Array(D));
  expect((await bench().f32(w)).every((v) => v === 0)).toBe(true);
});

describe("a recurrence of some rows", () => {
  const active = Uint32Array.of(3, 0, NONE, NONE);
  const [z0, w0, x0] = [random(S * D, 7), random(T * D, 8), random(T * D, 9)];

  test("recur_begin gathers latents by position and products by row", async () => {
    const [rows, list, z, w] = [rowsOf(POSITIONS), active, z0, w0].map((b) => bench().buffer(b));
    const [a, x] = [bench().empty(T * D), bench().empty(T * D)];
    await bench().run((rec) => {
      recurBegin(rec, { rows: rows!, active: list!, T, dim: D, byPosition: true, z: z!, w: w!, a, x });
    });
    const [latents, products] = [await bench().f32(a), await bench().f32(x)];
    [3, 0].forEach((row, i) => {
      expect(rowOf(latents, i)).toEqual(rowOf(z0, POSITIONS[row]!));
      expect(rowOf(products, i)).toEqual(rowOf(w0, row));
    });
    expect(rowOf(latents, 2)).toEqual(new Float64Array(D));
  });

  test.each(REDUCTIONS)("recur_end scatters and measures, by %s", async (_, tuning) => {
    const [rows, list, x] = [rowsOf(POSITIONS), active, x0].map((b) => bench().buffer(b));
    const [z, signals] = [bench().buffer(z0), bench().empty(SIGNAL_WORDS * T)];
    await bench().run((rec) => {
      recurEnd(rec, { rows: rows!, active: list!, T, dim: D, byPosition: true, x: x!, z, signals });
    }, tuning);
    const [after, measured] = [await bench().f32(z), await bench().f32(signals)];
    [3, 0].forEach((row, i) => {
      const p = POSITIONS[row]!;
      expect(rowOf(after, p)).toEqual(rowOf(x0, i));
      const at = SIGNAL_WORDS * row;
      // Sums of 20 squares in f32.
      expect(measured[at + Signal.REL_CHANGE]).toBeCloseTo(relativeChange(rowOf(x0, i), rowOf(z0, p)), 5);
      expect(measured[at + Signal.COSINE]).toBeCloseTo(cosineDistance(rowOf(x0, i), rowOf(z0, p)), 5);
    });
    expect(rowOf(after, 5)).toEqual(rowOf(z0, 5));
  });

  test.each(REDUCTIONS)("recur_end adds by the row's gate, by %s", async (_, tuning) => {
    const given = new Float32Array(SIGNAL_WORDS * T);
    const gates = [0.25, 0, 0, 0.75];
    gates.forEach((gate, i) => (given[i * SIGNAL_WORDS + Signal.GATE] = gate));
    const [rows, list, x] = [rowsOf(POSITIONS), active, x0].map((b) => bench().buffer(b));
    const [z, signals] = [bench().buffer(z0), bench().buffer(given)];
    await bench().run((rec) => {
      const where = { rows: rows!, active: list!, T, dim: D, byPosition: true };
      recurEnd(rec, { ...where, x: x!, z, signals, alpha: 0.4 });
    }, tuning);
    const [after, measured] = [await bench().f32(z), await bench().f32(signals)];
    [3, 0].forEach((row, i) => {
      const p = POSITIONS[row]!;
      const expected = rowOf(z0, p).map((v, d) => v + 0.4 * gates[row]! * rowOf(x0, i)[d]!);
      near(rowOf(after, p), expected, 1e-6);
      const at = SIGNAL_WORDS * row;
      expect(measured[at + Signal.REL_CHANGE]).toBeCloseTo(relativeChange(expected, rowOf(z0, p)), 5);
      expect(measured[at + Signal.GATE]).toBe(gates[row]);
    });
    expect(rowOf(after, 5)).toEqual(rowOf(z0, 5));
  });

  test.each(REDUCTIONS)(
    "recur_end adds a chosen depth's last result to the beginning, by %s",
    async (_, tuning) => {
      const depths = 3;
      const words = choiceWords(depths);
      const choices = new Uint32Array(words * T);
      const law = new Float32Array(choices.buffer);
      // Row 3 ends with this recurrence, row 0 goes on.
      [3, 0, 0, 2].forEach((depth, row) => {
        choices[row * words + Choice.DEPTH] = depth;
        law.set([0.125, 0.25 + row / 8, 0.5], row * words + Choice.LAW);
      });
      const begins = random(S * D, 12);
      const [rows, list, x, given, e] = [rowsOf(POSITIONS), active, x0, choices, begins].map((b) =>
        bench().buffer(b),
      );
      const [z, signals] = [bench().buffer(z0), bench().empty(SIGNAL_WORDS * T)];
      await bench().run((rec) => {
        const where = { rows: rows!, active: list!, T, dim: D, byPosition: true };
        const chosen = { choices: given!, depths, r: 2, e: e!, alpha: 0.4 };
        recurEnd(rec, { ...where, x: x!, z, signals, chosen });
      }, tuning);
      const [after, measured] = [await bench().f32(z), await bench().f32(signals)];
      const expected = [rowOf(begins, POSITIONS[3]!).map((v, d) => v + 0.4 * 0.625 * x0[d]!), rowOf(x0, 1)];
      [3, 0].forEach((row, i) => {
        const p = POSITIONS[row]!;
        near(rowOf(after, p), expected[i]!, 1e-6);
        const at = SIGNAL_WORDS * row;
        expect(measured[at + Signal.REL_CHANGE]).toBeCloseTo(relativeChange(expected[i]!, rowOf(z0, p)), 5);
        expect(measured[at + Signal.COSINE]).toBeCloseTo(cosineDistance(expected[i]!, rowOf(z0, p)), 5);
      });
      expect(rowOf(after, 5)).toEqual(rowOf(z0, 5));
    },
  );

  test.each(REDUCTIONS)(
    "choose_depth makes a law of each row and takes its best depth, by %s",
    async (_, tuning) => {
      const depths = 5;
      const words = choiceWords(depths);
      const theta = random(depths * D, 13);
      const balance = [0.3, -0.1, 0, 0.2, -0.4];
      const router = Float32Array.from([...theta, ...balance]);
      const chosen = new Set<number>();
      for (const [most, isForced] of [
        [depths, false],
        [2, false],
        [3, true],
      ] as const)
        for (const seed of [14, 15, 16]) {
          const begins = random(S * D, seed);
          const [rows, e, given] = [rowsOf(POSITIONS), begins, router].map((b) => bench().buffer(b));
          const choices = bench().buffer(new Uint32Array(words * T).fill(77));
          await bench().run((rec) => {
            const where = { rows: rows!, T, dim: D, byPosition: true };
            chooseDepth(rec, { ...where, e: e!, router: given!, depths, most, isForced, choices });
          }, tuning);
          const [found, laws] = [await bench().u32(choices), await bench().f32(choices)];
          POSITIONS.forEach((p, row) => {
            const at = row * words;
            if (p === null) {
              expect([...found.subarray(at, at + words)]).toEqual(Array(words).fill(77));
              return;
            }
            const law = [...softmax(Float64Array.from(matvec(theta, rowOf(begins, p))))];
            near(laws.subarray(at + Choice.LAW, at + words), law, 1e-6);
            const depth = isForced ? most : Math.min(most, chosenDepth(law, balance));
            expect(found[at + Choice.DEPTH]).toBe(depth);
            if (most === depths) chosen.add(depth);
          });
        }
      expect(chosen.size).toBeGreaterThan(2);
    },
  );

  test("choose_depth takes the smaller of depths that are as probable", async () => {
    const [rows, e] = [rowsOf(POSITIONS), random(S * D, 17)].map((b) => bench().buffer(b));
    const router = bench().buffer(Float32Array.from([...new Float32Array(3 * D), 0, 0.25, 0.25]));
    const choices = bench().empty(choiceWords(3) * T);
    await bench().run((rec) => {
      const where = { rows: rows!, T, dim: D, byPosition: true };
      chooseDepth(rec, { ...where, e: e!, router, depths: 3, most: 3, isForced: false, choices });
    });
    expect((await bench().u32(choices))[0]).toBe(2);
  });

  test.each(REDUCTIONS)("route_rows asks the rows that have not ended, by %s", async (_, tuning) => {
    const R = 3;
    const router = random(R * D, 10);
    const kept = new Uint32Array(MEMORY_WORDS * T);
    kept[3 * MEMORY_WORDS + Memory.EXIT] = 5;
    const [rows, z, theta, ended] = [rowsOf(POSITIONS), z0, router, kept].map((b) => bench().buffer(b));
    for (const asksAll of [true, false]) {
      const signals = bench().empty(SIGNAL_WORDS * T);
      await bench().run((rec) => {
        const where = { rows: rows!, T, dim: D, byPosition: true };
        routeRows(rec, { ...where, z: z!, router: theta!, r: 2, kept: asksAll ? null : ended!, signals });
      }, tuning);
      const measured = await bench().f32(signals);
      POSITIONS.forEach((p, row) => {
        const isAsked = p !== null && (asksAll || row !== 3);
        const gate = isAsked ? sigmoid(matvec(router.subarray(D, 2 * D), rowOf(z0, p))[0]!) : 0;
        expect(measured[row * SIGNAL_WORDS + Signal.GATE]).toBeCloseTo(gate, 5);
      });
    }
  });
});

test.each(REDUCTIONS)(
  "latent_acceleration compares a step with the step before, by %s",
  async (_, tuning) => {
    const [z0, last, step0] = [random(S * D, 11), random(S * D, 12), random(S * D, 13)];
    const [rows, z, lastZ] = [rowsOf(POSITIONS), z0, last].map((b) => bench().buffer(b));
    const [lastStep, change] = [bench().buffer(step0), bench().empty(SIGNAL_WORDS * T)];
    await bench().run((rec) => {
      const where = { rows: rows!, T, dim: D, byPosition: true };
      latentAcceleration(rec, { ...where, z: z!, lastZ: lastZ!, lastStep, change });
    }, tuning);
    const [steps, measured] = [await bench().f32(lastStep), await bench().f32(change)];
    POSITIONS.forEach((p, row) => {
      if (p === null) return;
      const step = rowOf(z0, p).map((v, d) => v - rowOf(last, p)[d]!);
      near(rowOf(steps, p), step, 1e-6);
      // Sums of 20 squares in f32.
      const found = measured[row * SIGNAL_WORDS + ACCELERATION];
      expect(found).toBeCloseTo(acceleration(rowOf(z0, p), step, rowOf(step0, p)), 5);
    });
    expect(measured[2 * SIGNAL_WORDS + ACCELERATION]).toBe(0);
    for (const p of [0, 1, 4, 6, 7]) expect(rowOf(steps, p)).toEqual(rowOf(step0, p));
  },
);
