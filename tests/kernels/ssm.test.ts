/** The kernels of a state-space layer beside the plain recurrence in float64. */
import { describe, expect, test } from "vitest";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { matvecNorm } from "../../src/kernels/matvec_norm";
import { channelsOf, ssmInputs, ssmScan, type SsmShape } from "../../src/kernels/ssm";
import { weightsOf } from "../helpers/dense";
import { matvec, rmsNorm } from "../reference/llama";
import { convolved, silu, softplus, stateStep } from "../reference/mamba2";
import { normals, useBench } from "./harness";

const bench = useBench();
const ONE_GROUP: SsmShape = { nHeads: 3, headDim: 12, stateDim: 8, nGroups: 1 };
const TWO_GROUPS: SsmShape = { nHeads: 4, headDim: 4, stateDim: 20, nGroups: 2 };

/** Rows of consecutive positions; null is idle. */
function rowsAt(positions: readonly (number | null)[]): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(ROW_WORDS * positions.length);
  positions.forEach((position, t) => {
    rows[t * ROW_WORDS + Row.POSITION] = position ?? 0;
    rows[t * ROW_WORDS + Row.SLOT] = position ?? NONE;
  });
  return rows;
}

/** A layer's inputs and weights, and what a text makes of them. */
function layer(shape: SsmShape, limits: readonly [number, number]) {
  const { nHeads, headDim, stateDim, nGroups } = shape;
  const draw = normals(nHeads);
  const random = (count: number, size = 1): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count }, () => size * draw());
  const inner = nHeads * headDim;
  const channels = channelsOf(shape);
  const stride = Math.ceil((inner + channels + nHeads) / 4) * 4;
  const taps = random(4 * channels, 0.5);
  // Steps from 0.0003 to 3, rates from 1 to 16.
  const offsets = random(channels + nHeads);
  for (let h = 0; h < nHeads; h++) offsets[channels + h] = -8 + (11 * h) / (nHeads - 1);
  const rates = Float32Array.from({ length: nHeads }, (_, h) => -1 - ((5 * h) % 16));
  const skip = random(nHeads);

  /** Of rows from position 0 on: convolved channels, steps and gated outputs, one array a row. */
  const reference = (projected: Float32Array, T: number) => {
    const states = Array.from({ length: nHeads }, () => new Float64Array(headDim * stateDim));
    const history = Array.from({ length: channels }, (): number[] => []);
    return Array.from({ length: T }, (_, t) => {
      const row = projected.subarray(t * stride, (t + 1) * stride);
      const u = Float64Array.from({ length: channels }, (_, c) => {
        history[c]!.push(row[inner + c]!);
        return convolved(history[c]!, taps.subarray(4 * c, 4 * c + 4), offsets[c]!);
      });
      const steps = Array.from({ length: nHeads }, (_, h) => {
        const raw = row[inner + channels + h]! + offsets[channels + h]!;
        return Math.min(limits[1], Math.max(limits[0], softplus(raw)));
      });
      const gated = states.flatMap((h, head) => {
        const g = Math.floor(head / (nHeads / nGroups));
        const part = (from: number, size: number): Float64Array<ArrayBuffer> => u.slice(from, from + size);
        const y = stateStep(h, {
          x: part(head * headDim, headDim),
          B: part(inner + g * stateDim, stateDim),
          C: part(inner + (nGroups + g) * stateDim, stateDim),
          ...{ dt: steps[head]!, rate: rates[head]!, skip: skip[head]! },
        });
        return [...y].map((v, p) => v * silu(row[head * headDim + p]!));
      });
      return { u, steps, gated };
    });
  };

  const memory = {
    windows: bench().buffer(random(4 * channels)),
    state: bench().buffer(random(inner * stateDim)),
  };
  const weights = {
    taps: bench().buffer(taps),
    offsets: bench().buffer(offsets),
    rates: bench().buffer(rates),
    skip: bench().buffer(skip),
  };
  /** Feeds rows; what the memory holds before position 0 is noise. */
  const feed = async (positions: readonly (number | null)[], projected: Float32Array, chunk: number) => {
    const T = positions.length;
    const out = {
      u: bench().empty(T * channels),
      steps: bench().empty(4 * T * nHeads),
      gated: bench().empty(T * inner),
    };
    const shared = {
      ...{ rows: bench().buffer(rowsAt(positions)), projected: bench().buffer(projected), stride },
      ...{ ...out, chunk, T, shape },
    };
    const scores = bench().empty(nGroups * T * Math.min(chunk, T));
    await bench().run((rec) => {
      ssmInputs(rec, { ...shared, ...weights, windows: memory.windows, limits });
      ssmScan(rec, { ...shared, skip: weights.skip, state: memory.state, scores });
    });
    return {
      u: await bench().f32(out.u),
      steps: await bench().f32(out.steps),
      gated: await bench().f32(out.gated),
    };
  };
  return { random, reference, feed, memory, inner, channels, stride };
}

describe.each([
  ["one group, no limits", ONE_GROUP, [0, Infinity]],
  ["two groups, limited steps", TWO_GROUPS, [0.001, 0.5]],
] as const)("ssm, %s", (_, shape, limits) => {
  test.each([
    ["one row after another", Array<number>(19).fill(1), 256],
    ["all rows in one chunk", [19], 256],
    ["chunks of 8, the last of 3", [19], 8],
    ["in several calls", [7, 1, 11], 4],
  ])("is the recurrence: %s", async (_, calls, chunk) => {
    const l = layer(shape, limits);
    const projected = l.random(19 * l.stride);
    const expected = l.reference(projected, 19);
    let first = 0;
    for (const T of calls) {
      const positions = Array.from({ length: T }, (_, t) => first + t);
      const found = await l.feed(positions, projected.slice(first * l.stride, (first + T) * l.stride), chunk);
      for (let t = 0; t < T; t++) {
        const want = expected[first + t]!;
        want.u.forEach((v, c) => expect(Math.abs(v - found.u[t * l.channels + c]!)).toBeLessThan(1e-5));
        want.steps.forEach((dt, h) =>
          // A small step keeps its digits.
          expect(Math.abs(found.steps[4 * (t * shape.nHeads + h)]! / dt - 1)).toBeLessThan(2e-6),
        );
        // Sums of some tens of products of about 1.
        want.gated.forEach((v, i) => expect(Math.abs(v - found.gated[t * l.inner + i]!)).toBeLessThan(3e-5));
      }
      first += T;
    }
  });

  test("an idle row leaves windows and state as they are", async () => {
    const l = layer(shape, limits);
    const before = [await bench().f32(l.memory.windows), await bench().f32(l.memory.state)];
    await l.feed([null], l.random(l.stride), 256);
    expect([await bench().f32(l.memory.windows), await bench().f32(l.memory.state)]).toEqual(before);
  });
});

test.each([1, 5])(
  "matvec_norm: %i rows of a width that is no multiple of four, with a bias, added",
  async (T) => {
    const [rows, cols, eps] = [10, 24, 1e-3];
    const draw = normals(7);
    const random = (count: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, draw);
    const [x, w, bias, y] = [random(T * cols), random(rows * cols), random(12), random(T * 12)];
    for (const adds of [false, true]) {
      const weight = await weightsOf(bench().engine, w, cols, "f32");
      const into = bench().buffer(y);
      const args = { x: bench().buffer(x), bias: bench().buffer(bias), y: into, T, eps, adds };
      await bench().run((rec) => matvecNorm(rec, { ...args, weight }));
      const found = await bench().f32(into);
      for (let t = 0; t < T; t++) {
        const row = Float64Array.from(x.subarray(t * cols, (t + 1) * cols));
        const normed = rmsNorm(row, new Float32Array(cols).fill(1), eps);
        matvec(w, normed).forEach((v, i) => {
          const expected = v + bias[i]! + (adds ? y[t * 12 + i]! : 0);
          // A sum of 24 products of about 1.
          expect(Math.abs(expected - found[t * 12 + i]!)).toBeLessThan(1e-5);
        });
      }
      bench().engine.memory.free(weight.data.buffer);
    }
  },
);
