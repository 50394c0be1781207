/** Rounds of draft-tree speculation: a method names its drafter and verifier, everything else is here. */
import type { ParamsSchema } from "../base/params";
import type { MethodEvent } from "../trace/events";
import { GREEDY, type Drafter, type ProposalLaw, type Verifier } from "./draft_tree";
import type { MethodContext } from "./method";
import {
  CANDIDATES,
  commitEvent,
  costEvent,
  draftEvent,
  draftCandidates,
  draftSlots,
  targetCandidates,
  targetSlots,
  toldRound,
  verifyEvent,
} from "./round_events";
import { prefillPrompt, runRounds } from "./rounds";
import type { Readable, RoundOutcome, TopTokens, TreeContents } from "./session";

/** What a round reads back. The candidates lists are "topTarget", and "topDraft" with the depth of its nodes. */
type Reads = {
  readonly nodes: Readable<TreeContents>;
  readonly outcome: Readable<RoundOutcome>;
  readonly [top: `top${string}`]: Readable<TopTokens>;
};

/**
 * Decodes by drafting a tree, running the target over all of its nodes at once, and committing the path that
 * verification accepts with one token more. At temperature 0 any drafter is verified by {@link GREEDY}.
 */
export async function* speculate<S extends ParamsSchema, L extends ProposalLaw>(
  context: MethodContext<S>,
  drafter: Drafter<L>,
  sampled: Verifier<L>,
): AsyncGenerator<MethodEvent, void, void> {
  const { session, sampler } = context;
  const isGreedy = sampler.temperature === 0;
  const verifier: Verifier<L> = isGreedy ? GREEDY : sampled;
  const isFull = context.detail === "full";
  const k = Math.min(CANDIDATES, session.target.vocabSize);
  yield* prefillPrompt(context);

  const program = await session.record((ops): Reads => {
    const { tree, laws, learn } = drafter.record(ops, !isGreedy);
    const target = ops.forward("target", ops.allRows(tree), sampler, learn);
    const tops: Record<`top${string}`, Readable<TopTokens>> = {};
    if (isFull) {
      tops.topTarget = ops.top(target, k);
      laws.forEach((law, depth) => (tops[`topDraft${depth}`] = ops.top(law, k)));
    }
    return { ...tops, nodes: ops.nodes(tree), outcome: ops.commitTree(tree, target, verifier.rule) };
  });

  /** Slots of the draft model that hold committed text. */
  let draftValid = Math.max(0, context.promptTokens.length - 1);
  const pace = { perRun: 1, inFlight: isFull ? 1 : 2, most: context.maxNewTokens };
  for await (const { values, transfers } of runRounds(program, pace)) {
    const told = toldRound(values.nodes, values.outcome);
    const { nodes, outcome } = told;
    yield draftEvent(outcome.step, drafter.law, nodes);
    for (let depth = 0; depth < drafter.levels.length; depth++) {
      const top = values[`topDraft${depth}`];
      if (top) yield* draftCandidates(told, depth, top);
    }
    if (values.topTarget) yield* targetCandidates(told, values.topTarget);
    yield verifyEvent(outcome, verifier, nodes);
    yield commitEvent(outcome, nodes);
    yield targetSlots(told, values.nodes.count);
    const { fedDepth } = drafter;
    if (fedDepth !== null) {
      const fed = drafter.levels.slice(0, fedDepth).reduce((sum, n) => sum + n, 1);
      const slots = draftSlots(told, draftValid, Math.min(fed, values.nodes.count), fedDepth);
      draftValid = slots.base + slots.kept;
      yield slots;
    }
    yield costEvent(outcome.step, program.cost, transfers);
  }
}
