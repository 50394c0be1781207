/** What a readout after a recurrence says beside the one before: how far the law moved, how sure it is, what it would say. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/readout_signals.wgsl?raw";
import { SIGNAL_WORDS } from "./latents";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const readoutSignalsKernel = defineKernel({
  name: "readout_signals",
  source,
  reads: ["active_rows", "logits"],
  writes: ["before", "signals"],
  params: { vocab_size: "u32", has_before: "u32" },
  overrides: { ...REDUCE_OVERRIDES, HAS_LIST: 0 },
});

export interface ReadoutSignalsArgs {
  /** Rows that were read out, in order, NONE behind the last; null for all of them. */
  readonly active: GPUBuffer | null;
  /** f32 [T, vocabSize] by place among them. */
  readonly logits: GPUBuffer;
  /** f32 [T, vocabSize] by row: the readouts before, replaced by these. */
  readonly before: GPUBuffer;
  /** False for the first recurrence, before which the law is uniform. */
  readonly hasBefore: boolean;
  readonly T: number;
  readonly vocabSize: number;
  /** f32 [T, SIGNAL_WORDS] by row; KL, MIN_P_KL, ENTROPY, ARGMAX and LOG_SUM_EXP are written. */
  readonly signals: GPUBuffer | BufferRange;
}

export function readoutSignals(rec: Recording, a: ReadoutSignalsArgs): void {
  needBytes("readout_signals", "logits", a.logits, 4 * a.T * a.vocabSize);
  needBytes("readout_signals", "before", a.before, 4 * a.T * a.vocabSize);
  needBytes("readout_signals", "signals", a.signals, 4 * SIGNAL_WORDS * a.T);
  if (a.active) needBytes("readout_signals", "active", a.active, 4 * a.T);
  const lanes = reduceVariant(rec, 256, "readout_signals.lanes");
  rec.list.add(
    readoutSignalsKernel,
    { ...lanes, overrides: { ...lanes.overrides, HAS_LIST: a.active ? 1 : 0 } },
    {
      bind: { active_rows: a.active ?? a.logits, logits: a.logits, before: a.before, signals: a.signals },
      params: { vocab_size: a.vocabSize, has_before: a.hasBefore ? 1 : 0 },
      grid: [1, a.T],
    },
  );
}
