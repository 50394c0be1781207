/** What a looped model's own gate says of its rows after a loop. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/exit_gate.wgsl?raw";
import { SIGNAL_WORDS } from "./latents";
import { ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const exitGateKernel = defineKernel({
  name: "exit_gate",
  source,
  reads: ["rows", "active_rows", "x", "theta"],
  writes: ["signals"],
  params: { dim: "u32", bias: "f32", eps: "f32" },
  overrides: { ...REDUCE_OVERRIDES, HAS_LIST: 0 },
});

export interface ExitGateArgs {
  /** u32 [T, ROW_WORDS]; rows without a slot are idle. */
  readonly rows: GPUBuffer;
  /** u32 [T]: rows to look at, in order, NONE behind the last; null for all of them. */
  readonly active: GPUBuffer | null;
  /** f32 [T, dim] by place among the active rows. */
  readonly x: GPUBuffer;
  /** f32 [dim], times the gain of the norm before it. */
  readonly theta: GPUBuffer;
  readonly bias: number;
  /** f32 [T, SIGNAL_WORDS] by row; GATE is written. */
  readonly signals: GPUBuffer | BufferRange;
  readonly T: number;
  readonly dim: number;
  /** Added to the mean square in the norm. */
  readonly eps: number;
}

export function exitGate(rec: Recording, a: ExitGateArgs): void {
  needBytes("exit_gate", "rows", a.rows, 4 * ROW_WORDS * a.T);
  needBytes("exit_gate", "x", a.x, 4 * a.T * a.dim);
  needBytes("exit_gate", "theta", a.theta, 4 * a.dim);
  needBytes("exit_gate", "signals", a.signals, 4 * SIGNAL_WORDS * a.T);
  const lanes = reduceVariant(rec, 64, "exit_gate.lanes");
  rec.list.add(
    exitGateKernel,
    { ...lanes, overrides: { ...lanes.overrides, HAS_LIST: a.active ? 1 : 0 } },
    {
      bind: {
        rows: a.rows,
        active_rows: a.active ?? a.rows,
        x: a.x,
        theta: a.theta,
        signals: a.signals,
      },
      params: { dim: a.dim, bias: a.bias, eps: a.eps },
      grid: [1, a.T],
    },
  );
}
