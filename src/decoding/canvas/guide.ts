/** A causal model that decides how much of a draft is kept. */
import type { CommitPolicy, Verify } from "./parts";
import type { CanvasSession, PassCost } from "./session";

/** The first masked positions, as long as they follow one another: what a draft is judged along. */
export const leftmost = (): CommitPolicy => ({
  reason: "guided",
  planned: () => null,
  select(rows) {
    const inOrder = [...rows].sort((a, b) => a.position - b.position);
    const gap = inOrder.findIndex((row, i) => i > 0 && row.position !== inOrder[i - 1]!.position + 1);
    return gap < 0 ? inOrder : inOrder.slice(0, gap);
  },
});

/** Whether the guider lets a token pass. */
export type GuideRule = "deterministic" | "topk" | "topk_relative" | "threshold";

const PASSES: Readonly<Record<GuideRule, (rank: number, logprob: number, bestLogprob: number) => boolean>> = {
  deterministic: (rank) => rank === 0,
  topk: (rank) => rank < 5,
  topk_relative: (rank, logprob, best) => rank < 2 && logprob >= best + Math.log(0.5),
  threshold: (_, logprob) => logprob > Math.log(0.1),
};

/**
 * Keeps the longest beginning of a draft of which every token passes, and at least its first token. The guider reads it
 * in stretches of `chunk` tokens and stops at the first that fails.
 * @see Hu et al. 2025, FlashDLM (Guided Diffusion)
 */
export const guidedBy =
  (session: CanvasSession, rule: GuideRule, chunk: number): Verify =>
  async (rows, { canvas }) => {
    const first = rows[0]!.position;
    const text = [...canvas.tokens.slice(0, first), ...rows.map((row) => row.token)];
    const logprobs: number[] = [];
    const ranks: number[] = [];
    const costs: PassCost[] = [];
    let accepted = 0;
    while (accepted === logprobs.length && accepted < rows.length) {
      const from = first + accepted;
      const judgement = await session.judge(text.slice(0, from + chunk), from);
      const { logprob, bestLogprob, rank } = judgement;
      const refused = rank.findIndex((r, i) => !PASSES[rule](r, logprob[i]!, bestLogprob[i]!));
      accepted += refused < 0 ? rank.length : refused;
      logprobs.push(...logprob);
      ranks.push(...rank);
      costs.push(judgement.cost);
    }
    const judged = { rows: rows.slice(0, ranks.length), logprobs, ranks, accepted };
    return { rows: rows.slice(0, Math.max(1, accepted)), judged, costs };
  };
