/** A causal model that decides how much of a draft is kept. */
import type { CommitPolicy, Verify } from "./parts";
import type { CanvasSession } from "./session";

/** The first masked positions of the region, up to `most`, as long as they follow one another. */
export const leftmost = (most: number): CommitPolicy => ({
  reason: "guided",
  planned: () => null,
  select(rows) {
    const inOrder = [...rows].sort((a, b) => a.position - b.position);
    const gap = inOrder.findIndex((row, i) => i > 0 && row.position !== inOrder[i - 1]!.position + 1);
    return inOrder.slice(0, Math.min(most, gap < 0 ? inOrder.length : gap));
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
 * Keeps the longest beginning of a draft of which every token passes, and at least its first token.
 * @see Hu et al. 2025, FlashDLM (Guided Diffusion)
 */
export const guidedBy =
  (session: CanvasSession, rule: GuideRule): Verify =>
  async (rows, { canvas }) => {
    const first = rows[0]!.position;
    const text = [...canvas.tokens.slice(0, first), ...rows.map((row) => row.token)];
    const { logprob, bestLogprob, rank, cost } = await session.judge(text, first);
    const refused = rows.findIndex((_, i) => !PASSES[rule](rank[i]!, logprob[i]!, bestLogprob[i]!));
    const accepted = refused < 0 ? rows.length : refused;
    const judged = { rows, logprobs: logprob, ranks: rank, accepted };
    return { rows: rows.slice(0, Math.max(1, accepted)), judged, cost };
  };
