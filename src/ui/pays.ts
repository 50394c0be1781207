/**
 * Whether a draft tree pays on this device: L / (c(N) + d), all of it in passes of one row through the target. L is
 * counted in a run; c(N), a pass over N rows, and d, the draft model's passes of a round, were measured by themselves.
 * @see speculative decoding's usual cost model, for example Leviathan et al. 2023, section 3.3
 */
import { tokensPerTargetForward, type Metrics } from "../trace/metrics";
import type { PassTime } from "../worker/api";

/** Milliseconds of a pass over `rows` rows: between measured sizes on a line, beyond them on the last one. */
export function timeAt(times: readonly PassTime[], rows: number): number | null {
  const first = times[0];
  if (!first) return null;
  if (times.length === 1) return rows === first.rows ? first.ms : null;
  const next = times.findIndex((t) => t.rows >= rows);
  const at = next < 0 ? times.length - 1 : Math.max(1, next);
  const [a, b] = [times[at - 1]!, times[at]!];
  return a.ms + ((rows - a.rows) / (b.rows - a.rows)) * (b.ms - a.ms);
}

export interface Pays {
  /** Tokens a round. */
  readonly L: number;
  /** Rows a round through the target. */
  readonly N: number;
  /** Cost of the target's pass over N rows, in passes of one row. */
  readonly c: number;
  /** Cost of the draft model's passes, in passes of one row through the target; 0 without a draft model. */
  readonly d: number;
  readonly gain: number;
  /** Passes and rows a round of the draft model. */
  readonly draftPasses: number;
  readonly draftRows: number;
}

/** Null if the run has no rounds yet or a time is missing. `draft` is not needed for methods without a draft model. */
export function paysOf(m: Metrics, target: readonly PassTime[], draft: readonly PassTime[]): Pays | null {
  const L = tokensPerTargetForward(m);
  const plain = timeAt(target, 1);
  if (L === null || plain === null || plain <= 0) return null;
  const N = m.targetRows / m.targetForwards;
  const targetMs = timeAt(target, N);
  const draftPasses = m.draftForwards / m.targetForwards;
  const draftRows = m.draftRows / m.targetForwards;
  const draftMs = draftPasses === 0 ? 0 : timeAt(draft, Math.max(1, draftRows / draftPasses));
  if (targetMs === null || draftMs === null) return null;
  const c = targetMs / plain;
  const d = (draftPasses * draftMs) / plain;
  return { L, N, c, d, gain: L / (c + d), draftPasses, draftRows };
}

/** Gains this near to 1 are neither: measurements wobble by as much. */
const EVEN = 0.05;

/** What the gain means, in a sentence. */
export function verdictOf(gain: number): "helps" | "even" | "hurts" {
  return gain > 1 + EVEN ? "helps" : gain < 1 - EVEN ? "hurts" : "even";
}
