/**
 * The state of a Mamba-2 layer. One token goes through it by the recurrence (`ssm_step`); many go in chunks, whose rows see one
 * another as in attention and what was before the chunk through its state (`ssd_*`).
 * @see Dao and Gu 2024, Transformers are SSMs (arXiv 2405.21060), sections 6 and 7
 */
import { defineKernel } from "../engine/kernel";
import inputsSource from "../../shaders/ssm_inputs.wgsl?raw";
import stepSource from "../../shaders/ssm_step.wgsl?raw";
import outputsSource from "../../shaders/ssd_outputs.wgsl?raw";
import scoresSource from "../../shaders/ssd_scores.wgsl?raw";
import stateSource from "../../shaders/ssd_state.wgsl?raw";
import { ROW_WORDS } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

const WORKGROUP = { WORKGROUP_SIZE: 64 } as const;
const SHAPE = { ...WORKGROUP, HEADS: 1, HEAD_DIM: 4, STATE_QUADS: 1, GROUP_HEADS: 1 } as const;

export const ssmInputsKernel = defineKernel({
  name: "ssm_inputs",
  source: inputsSource,
  reads: ["rows", "projected", "taps", "offsets", "rates"],
  writes: ["windows", "u", "steps"],
  params: {
    row_count: "u32",
    stride: "u32",
    first: "u32",
    channels: "u32",
    heads: "u32",
    chunk: "u32",
    least_step: "f32",
    most_step: "f32",
  },
  overrides: WORKGROUP,
});
export const ssmStepKernel = defineKernel({
  name: "ssm_step",
  source: stepSource,
  reads: ["rows", "projected", "u", "steps", "skip"],
  writes: ["state", "gated"],
  overrides: SHAPE,
});
export const ssdScoresKernel = defineKernel({
  name: "ssd_scores",
  source: scoresSource,
  reads: ["u"],
  writes: ["scores"],
  params: { row_count: "u32", channel_quads: "u32", inner_quads: "u32", chunk: "u32" },
  overrides: { ...WORKGROUP, GROUPS: 1, STATE_QUADS: 1 },
});
export const ssdOutputsKernel = defineKernel({
  name: "ssd_outputs",
  source: outputsSource,
  reads: ["rows", "projected", "u", "steps", "scores", "skip", "state"],
  writes: ["gated"],
  params: { row_count: "u32", first: "u32", stride: "u32", chunk: "u32" },
  overrides: SHAPE,
});
export const ssdStateKernel = defineKernel({
  name: "ssd_state",
  source: stateSource,
  reads: ["rows", "u", "steps"],
  writes: ["state"],
  params: { first: "u32", count: "u32" },
  overrides: SHAPE,
});

/** Sizes of a layer's state. */
export interface SsmShape {
  /** Heads, H, a multiple of the groups. */
  readonly nHeads: number;
  /** Width of a head, P; a multiple of four. */
  readonly headDim: number;
  /** Numbers that an entry of a head keeps, N; a multiple of four. */
  readonly stateDim: number;
  /** Groups of heads, G, that share B and C. */
  readonly nGroups: number;
}

/** Channels of the convolution: x of all heads, then B and C of all groups. */
export const channelsOf = ({ nHeads, headDim, stateDim, nGroups }: SsmShape): number =>
  nHeads * headDim + 2 * nGroups * stateDim;

/** Largest f32: what stands for no limit. */
const NO_LIMIT = 3.4e38;

/** Buffers that the kernels of a layer share. */
export interface SsmBuffers {
  /** u32 [T, ROW_WORDS]: consecutive positions. */
  readonly rows: GPUBuffer;
  /** f32 [T, stride]: z [H*P], the channels, a number for each head. */
  readonly projected: GPUBuffer;
  /** Words of a row of `projected`, a multiple of four. */
  readonly stride: number;
  /** f32 [T, channels] */
  readonly u: GPUBuffer;
  /** f32 [T, H, 4], see shaders/include/decay.wgsl. */
  readonly steps: GPUBuffer;
  /** Rows of a chunk, Q. */
  readonly chunk: number;
  readonly T: number;
  readonly shape: SsmShape;
}

export interface SsmInputsArgs extends SsmBuffers {
  /** f32 [channels, 4]: the convolution's weights, the newest row's last; shorter ones begin with zeros. */
  readonly taps: GPUBuffer;
  /** f32 [channels + H]: biases of the convolution, then of the steps. */
  readonly offsets: GPUBuffer;
  /** f32 [H]: logarithm of what is left after a step of 1, negative. */
  readonly rates: GPUBuffer;
  /** f32 [channels, 4]: the last four rows before the convolution; kept from call to call. */
  readonly windows: GPUBuffer;
  /** Smallest and largest step. */
  readonly limits: readonly [number, number];
}

/** What the state is given: convolved channels and, by head, steps. */
export function ssmInputs(rec: Recording, a: SsmInputsArgs): void {
  const { T, shape, stride, chunk } = a;
  const channels = channelsOf(shape);
  const inner = shape.nHeads * shape.headDim;
  needBytes("ssm_inputs", "rows", a.rows, 4 * ROW_WORDS * T);
  needBytes("ssm_inputs", "projected", a.projected, 4 * T * stride);
  needBytes("ssm_inputs", "taps", a.taps, 16 * channels);
  needBytes("ssm_inputs", "offsets", a.offsets, 4 * (channels + shape.nHeads));
  needBytes("ssm_inputs", "rates", a.rates, 4 * shape.nHeads);
  needBytes("ssm_inputs", "windows", a.windows, 16 * channels);
  needBytes("ssm_inputs", "u", a.u, 4 * T * channels);
  needBytes("ssm_inputs", "steps", a.steps, 16 * T * shape.nHeads);
  if (stride < inner + channels + shape.nHeads)
    throw new Error(
      `ssm_inputs: rows of ${stride}, expected at least ${inner + channels + shape.nHeads} words`,
    );
  const [least, most] = a.limits;
  rec.list.add(
    ssmInputsKernel,
    {},
    {
      bind: {
        rows: a.rows,
        projected: a.projected,
        taps: a.taps,
        offsets: a.offsets,
        rates: a.rates,
        windows: a.windows,
        u: a.u,
        steps: a.steps,
      },
      params: {
        row_count: T,
        stride,
        first: inner,
        channels,
        heads: shape.nHeads,
        chunk,
        least_step: least,
        most_step: Math.min(most, NO_LIMIT),
      },
      grid: [Math.ceil((channels + shape.nHeads) / WORKGROUP.WORKGROUP_SIZE)],
    },
  );
}

export interface SsmScanArgs extends SsmBuffers {
  /** f32 [H] */
  readonly skip: GPUBuffer;
  /** f32 [H, N/4, P, 4]; kept from call to call. */
  readonly state: GPUBuffer;
  /** f32 [G, T, Q] where T is not 1. */
  readonly scores: GPUBuffer;
  /** f32 [T, H*P] */
  readonly gated: GPUBuffer;
}

/** Rows through the state, in their order; what comes out is gated and not yet normed. */
export function ssmScan(rec: Recording, a: SsmScanArgs): void {
  const { T, shape, u, steps, skip, state, gated, rows, projected } = a;
  const { nHeads, headDim, stateDim, nGroups } = shape;
  if (headDim % 4 !== 0 || stateDim % 4 !== 0 || nHeads % nGroups !== 0)
    throw new Error(
      `ssm_scan: ${nHeads} heads of ${headDim} in ${nGroups} groups, state ${stateDim}; expected multiples`,
    );
  const inner = nHeads * headDim;
  needBytes("ssm_scan", "state", state, 4 * inner * stateDim);
  needBytes("ssm_scan", "gated", gated, 4 * T * inner);
  needBytes("ssm_scan", "skip", skip, 4 * nHeads);
  const overrides = {
    HEADS: nHeads,
    HEAD_DIM: headDim,
    STATE_QUADS: stateDim / 4,
    GROUP_HEADS: nHeads / nGroups,
  };
  const groups = (invocations: number): number => Math.ceil(invocations / WORKGROUP.WORKGROUP_SIZE);
  if (T === 1) {
    rec.list.add(
      ssmStepKernel,
      { overrides },
      { bind: { rows, projected, u, steps, skip, state, gated }, params: {}, grid: [groups(inner)] },
    );
    return;
  }
  const chunk = Math.min(a.chunk, T);
  const { scores } = a;
  needBytes("ssd_scores", "scores", scores, 4 * nGroups * T * chunk);
  rec.list.add(
    ssdScoresKernel,
    { overrides: { GROUPS: nGroups, STATE_QUADS: stateDim / 4 } },
    {
      bind: { u, scores },
      params: { row_count: T, channel_quads: channelsOf(shape) / 4, inner_quads: inner / 4, chunk },
      grid: [groups(chunk), T, nGroups],
    },
  );
  // What a chunk leaves is the state of the next.
  for (let first = 0; first < T; first += chunk) {
    const count = Math.min(chunk, T - first);
    rec.list.add(
      ssdOutputsKernel,
      { overrides },
      {
        bind: { rows, projected, u, steps, scores, skip, state, gated },
        params: { row_count: T, first, stride: a.stride / 4, chunk },
        grid: [groups(inner / 4), count],
      },
    );
    rec.list.add(
      ssdStateKernel,
      { overrides },
      {
        bind: { rows, u, steps, state },
        params: { first, count },
        grid: [groups((stateDim / 4) * headDim), nHeads],
      },
    );
  }
}
