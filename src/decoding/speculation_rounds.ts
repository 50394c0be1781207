/** Rounds of draft-tree speculation: a method names its drafter and verifier, everything else is here. */
import type { ParamsSchema } from "../base/params";
import type { MethodEvent } from "../trace/events";
import { checkFits, GREEDY, type Drafter, type ProposalLaw, type Verifier } from "./draft_tree";
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
  type ToldRound,
  verifyEvent,
} from "./round_events";
import { prefillPrompt, runRounds } from "./rounds";
import type { Program, Readable, RoundOutcome, TopTokens, TreeContents, Values } from "./session";

/** What a round reads back. The candidates lists are "topTarget", and "topDraft" with the depth of its nodes. */
type Reads = {
  readonly nodes: Readable<TreeContents>;
  readonly outcome: Readable<RoundOutcome>;
  readonly [top: `top${string}`]: Readable<TopTokens>;
};

/** Chooses a drafter for the next rounds by what was seen in those before. */
export interface Planner<L extends ProposalLaw> {
  /** Which drafter to use for how many rounds; the same object again records nothing anew. */
  next(): { readonly drafter: Drafter<L>; readonly rounds: number };
  /** Called with every round before the next call of `next`. */
  observe(told: ToldRound): void;
}

/**
 * Decodes by drafting a tree, running the target over all of its nodes at once, and committing the path that
 * verification accepts with one token more. At temperature 0 any drafter is verified by {@link GREEDY}.
 */
export async function* speculateRounds<S extends ParamsSchema, L extends ProposalLaw>(
  context: MethodContext<S>,
  source: Drafter<L> | Planner<L>,
  sampled: Verifier<L>,
): AsyncGenerator<MethodEvent, void, void> {
  const planner = "next" in source ? source : fixed(source);
  const verifier: Verifier<L> = context.sampler.temperature === 0 ? GREEDY : sampled;
  yield* prefillPrompt(context);

  /** Slots of the draft model that hold committed text. */
  let draftValid = Math.max(0, context.promptTokens.length - 1);
  let recorded = null as Recorded<L> | null;
  let left = context.maxNewTokens;
  for (let isOver = false; !isOver;) {
    const { drafter, rounds } = planner.next();
    if (recorded?.drafter !== drafter) {
      checkFits(drafter.law, sampled);
      recorded = { drafter, program: await recordRound(context, drafter, verifier) };
    }
    const { program } = recorded;
    const inFlight = context.detail === "full" ? 1 : 2;
    isOver = true;
    for await (const { values, transfers } of runRounds(program, {
      perRun: 1,
      inFlight,
      most: Math.min(rounds, left),
    })) {
      const told = toldRound(values.nodes, values.outcome);
      yield* tellTree(told, drafter, verifier, values);
      const slots = toldDraftSlots(told, drafter, draftValid);
      if (slots) {
        draftValid = slots.base + slots.kept;
        yield slots;
      }
      yield costEvent(told.outcome.step, program.cost, transfers);
      planner.observe(told);
      left--;
      isOver = told.outcome.stop !== "none" || left === 0;
    }
  }
}

interface Recorded<L extends ProposalLaw> {
  readonly drafter: Drafter<L>;
  readonly program: Program<Values<Reads>>;
}

const fixed = <L extends ProposalLaw>(drafter: Drafter<L>): Planner<L> => ({
  next: () => ({ drafter, rounds: Infinity }),
  observe: () => {},
});

/** Records the work of a round: draft, the target over all nodes, verification. */
function recordRound<S extends ParamsSchema, L extends ProposalLaw>(
  { session, sampler, detail }: MethodContext<S>,
  drafter: Drafter<L>,
  verifier: Verifier<L>,
): Promise<Program<Values<Reads>>> {
  const k = Math.min(CANDIDATES, session.target.vocabSize);
  return session.record((ops): Reads => {
    const { tree, laws, learn } = drafter.record(ops, sampler.temperature !== 0);
    const target = ops.forward("target", ops.allRows(tree), sampler, learn);
    const tops: Record<`top${string}`, Readable<TopTokens>> = {};
    if (detail === "full") {
      tops.topTarget = ops.top(target, k);
      laws.forEach((law, depth) => (tops[`topDraft${depth}`] = ops.top(law, k)));
    }
    return { ...tops, nodes: ops.nodes(tree), outcome: ops.commitTree(tree, target, verifier.rule) };
  });
}

/** Number under which the first node of a level was drafted. */
const levelStart = (levels: readonly number[], depth: number): number =>
  levels.slice(0, Math.max(0, depth - 1)).reduce((sum, n) => sum + n, 1);

function* tellTree<L extends ProposalLaw>(
  told: ToldRound,
  drafter: Drafter<L>,
  verifier: Verifier<L>,
  values: Values<Reads>,
): Generator<MethodEvent, void, void> {
  const { nodes, outcome } = told;
  yield draftEvent(outcome.step, drafter.law, nodes);
  for (let depth = 0; depth < drafter.levels.length; depth++) {
    const top = values[`topDraft${depth}`];
    if (top) yield* draftCandidates(told, depth, levelStart(drafter.levels, depth), top);
  }
  if (values.topTarget) yield* targetCandidates(told, values.topTarget);
  yield verifyEvent(outcome, verifier, nodes);
  yield commitEvent(outcome, nodes);
  yield targetSlots(told, values.nodes.count);
}

/** What a round did to the draft model's cache, of whose slots `valid` held text; null without a draft model. */
function toldDraftSlots<L extends ProposalLaw>(
  told: ToldRound,
  { levels, fedDepth }: Drafter<L>,
  valid: number,
): ReturnType<typeof draftSlots> | null {
  return fedDepth === null ? null : draftSlots(told, valid, levelStart(levels, fedDepth + 1), fedDepth);
}
