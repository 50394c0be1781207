/** Turns the bytes of a pass of recurrent depth into what methods see; the order is that of DepthMemory.outputs. */
import { DecoscopeError } from "../base/errors";
import type { RecurrenceSignals } from "../decoding/depth/policy";
import type { DepthPass, Draw, RowOutcome } from "../decoding/depth/session";
import { ACCELERATION } from "../kernels/latent_acceleration";
import { Choice, choiceWords } from "../kernels/choose_depth";
import { Signal, SIGNAL_WORDS } from "../kernels/latents";
import { MASKED } from "../kernels/layouts";
import type { RecurrenceFacts } from "../models/model";
import { Exit, Memory, MEMORY_WORDS } from "../kernels/recur_admit";
import { Stat, STAT_WORDS } from "../kernels/row_stats";
import { ladderStride, signalStride } from "./depth_memory";
import type { PassShape } from "./depth_pass";

const REASONS: Readonly<Record<number, RowOutcome["reason"]>> = {
  [Exit.CONVERGED]: "converged",
  [Exit.CAP]: "cap",
  [Exit.FORCED]: "forced",
  [Exit.ROUTER]: "router",
  [Exit.CHOSEN]: "chosen",
};

type Top = readonly (readonly [token: number, logprob: number])[];

/**
 * @param known positions that earlier passes left latents of
 * @param steps passes before this one that each position's last step was measured in
 * @param recurrence of the model, whose router may have asked rows for a gate before each recurrence, or for a depth, and whose own
 *     exit gate may have spoken after each
 */
export function decodePass(
  bytes: ArrayBuffer,
  pass: DepthPass,
  shape: PassShape,
  known: number,
  steps: readonly number[],
  { router, trainedRecurrence, looped }: RecurrenceFacts,
): RowOutcome[] {
  const { room: T, most } = shape;
  const u = new Uint32Array(bytes);
  const f = new Float32Array(bytes);
  let at = MEMORY_WORDS * T;
  const signalsAt = at;
  at += (most * signalStride(T)) / 4;
  const isChoosing = router?.choice === "token";
  const choicesAt = at;
  if (isChoosing) at += choiceWords(trainedRecurrence) * T;
  const ladderAt = at;
  at += (most * ladderStride(T, shape.ladderTop)) / 4;
  const changeAt = at;
  if (shape.compares) at += SIGNAL_WORDS * T;
  const statsAt = at;
  if (shape.reads) at += STAT_WORDS * T;
  const topAt = at;

  const depths = pass.rows.map((_, i) => u[i * MEMORY_WORDS + Memory.DEPTH]!);
  /** Place of row i among those that ran recurrence r. */
  const place = (i: number, r: number): number => depths.slice(0, i).filter((depth) => depth >= r).length;
  /** Tokens u32 [T, k], then logits f32 [T, k]; `total` makes logarithms of probabilities of them. */
  const topOf = (from: number, row: number, k: number, total: number): Top =>
    Array.from({ length: k }, (_, j) => [u[from + row * k + j]!, f[from + (T + row) * k + j]!] as const)
      .filter(([, value]) => value > MASKED / 2)
      .map(([token, value]) => [token, Math.min(0, value - total)]);

  return pass.rows.map((row, i): RowOutcome => {
    const signals: RecurrenceSignals[] = [];
    const ladder: Top[] = [];
    for (let r = 1; r <= depths[i]!; r++) {
      const s = signalsAt + ((r - 1) * signalStride(T)) / 4 + i * SIGNAL_WORDS;
      const isRead = shape.ladder;
      signals.push({
        relChange: f[s + Signal.REL_CHANGE]!,
        cosine: f[s + Signal.COSINE]!,
        kl: isRead ? f[s + Signal.KL]! : null,
        minPKl: isRead ? f[s + Signal.MIN_P_KL]! : null,
        entropy: isRead ? f[s + Signal.ENTROPY]! : null,
        argmax: isRead ? u[s + Signal.ARGMAX]! : null,
        exit: looped ? f[s + Signal.GATE]! : null,
      });
      if (shape.ladderTop === 0) continue;
      const from = ladderAt + ((r - 1) * ladderStride(T, shape.ladderTop)) / 4;
      const total = f[s + Signal.LOG_SUM_EXP]!;
      ladder.push(topOf(from, place(i, r), shape.ladderTop, total));
    }
    // The last one is that of the recurrence that the row was turned away from.
    const asked = router?.choice === "expert" ? Math.min(most, depths[i]! + 1) : 0;
    const gates = Array.from(
      { length: asked },
      (_, r) => f[signalsAt + (r * signalStride(T)) / 4 + i * SIGNAL_WORDS + Signal.GATE]!,
    );
    return {
      depth: depths[i]!,
      reason: reasonOf(u[i * MEMORY_WORDS + Memory.EXIT]!),
      signals,
      gates,
      law: isChoosing ? lawOf(i) : [],
      ladder,
      change:
        shape.compares && row.position < known ? f[changeAt + i * SIGNAL_WORDS + Signal.REL_CHANGE]! : null,
      acceleration:
        // The first measures a step from nothing, the second has none before it.
        shape.accelerates && (steps[row.position] ?? 0) >= 2
          ? f[changeAt + i * SIGNAL_WORDS + ACCELERATION]!
          : null,
      draw: shape.reads ? drawOf(i) : null,
    };
  });

  function lawOf(i: number): number[] {
    const from = choicesAt + i * choiceWords(trainedRecurrence) + Choice.LAW;
    return [...f.subarray(from, from + trainedRecurrence)];
  }

  function reasonOf(exit: number): RowOutcome["reason"] {
    const reason = REASONS[exit] ?? "forced";
    return reason === "converged" && shape.criterion === "exit-gate" ? "gate" : reason;
  }

  function drawOf(i: number): Draw {
    const s = statsAt + i * STAT_WORDS;
    if (!(f[s + Stat.LOG_SUM_EXP]! > MASKED / 2))
      throw new DecoscopeError(
        "method",
        `Expected a logit for at least one token behind position ${pass.rows[i]!.position}, found none that is a finite ` +
          "number. The weights or the storage they were converted to may be broken: load the model again or choose another.",
      );
    return {
      token: u[s + Stat.PROPOSAL]!,
      logprob: Math.min(0, f[s + Stat.PROPOSAL_LOGPROB]!),
      top: topOf(topAt, i, shape.top, 0),
    };
  }
}
