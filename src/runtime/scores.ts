/** Turns the bytes of a denoising pass's readback into what methods see. */
import { DecoscopeError } from "../base/errors";
import type { Scores } from "../decoding/canvas/session";
import { MASKED, NONE } from "../kernels/layouts";
import { Stat, STAT_WORDS } from "../kernels/row_stats";

interface ScoresShape {
  /** What the first rows speak of; rows beyond are idle. */
  readonly positions: readonly number[];
  /** Rows of statistics in the bytes, and candidates behind them: tokens u32 [rows, k], logits f32 [rows, k]. */
  readonly rows: number;
  readonly k: number;
  /** Candidates wanted once banned tokens are left out. */
  readonly top: number;
  readonly banned: readonly number[];
}

/**
 * Statistics [rows, STAT_WORDS], then candidates.
 * @throws DecoscopeError "method" if a position has no finite logit
 */
export function decodeScores(bytes: ArrayBuffer, shape: ScoresShape): Scores {
  const { positions, rows, k, top, banned } = shape;
  const u = new Uint32Array(bytes);
  const f = new Float32Array(bytes);
  const words = (field: number): number[] => positions.map((_, i) => u[i * STAT_WORDS + field]!);
  const floats = (field: number): number[] => positions.map((_, i) => f[i * STAT_WORDS + field]!);
  const best = words(Stat.ARGMAX);
  const total = floats(Stat.LOG_SUM_EXP);
  const bad = total.findIndex((sum) => !(sum > MASKED / 2));
  if (bad >= 0)
    throw new DecoscopeError(
      "method",
      `Expected a logit for at least one token at position ${positions[bad]}, found none that is a finite number. ` +
        "The weights or the storage they were converted to may be broken: load the model again or choose another.",
    );
  const start = rows * STAT_WORDS;
  const candidates = positions.map((_, i) =>
    Array.from({ length: k }, (_, j) => {
      const at = start + i * k + j;
      return [u[at]!, Math.min(0, f[at + rows * k]! - total[i]!)] as const;
    })
      .filter(([token]) => token !== NONE && !banned.includes(token))
      .slice(0, top),
  );
  return {
    positions,
    proposal: words(Stat.PROPOSAL),
    logprob: floats(Stat.PROPOSAL_LOGPROB),
    best,
    second: words(Stat.SECOND).map((token, i) => (token === NONE ? best[i]! : token)),
    gap: floats(Stat.GAP),
    margin: floats(Stat.MARGIN),
    entropy: floats(Stat.ENTROPY),
    top: top > 0 ? candidates : [],
  };
}
