/** How draft trees are grown: tree policies, the drafters that follow them, and the laws that verifiers accept. */
import type { DraftEvent, SamplerSettings, VerifyEvent } from "../trace/events";
import type { Choice, Expansion, Laws, Recorder, Successors, Tree } from "./session";

/** How draft tokens were drawn: which verifiers are legal depends on it. */
export type ProposalLaw = DraftEvent["law"];

/** Most nodes of any tree, the anchor included. */
export const MAX_NODES = 256;

/** A tree as it was recorded. */
export interface RecordedDraft {
  readonly tree: Tree;
  /** Entry l: draft laws whose last rows stand after the nodes of depth l, in order. Empty without a draft model. */
  readonly laws: readonly Laws[];
  /** What learns from the target's forward pass over the tree. */
  readonly learn?: Successors;
}

/** Proposes trees whose tokens were drawn by law `L`. */
export interface Drafter<L extends ProposalLaw> {
  readonly law: L;
  /** Nodes at depth 1, 2, ... */
  readonly levels: readonly number[];
  /** Deepest nodes that the draft model is fed, so that their slots in its cache are valid; null without one. */
  readonly fedDepth: number | null;
  /** Records the drafting of one round. `noisy` false drafts the most probable tokens instead of drawing. */
  record(ops: Recorder, noisy: boolean): RecordedDraft;
}

/** Decides which drafted tokens stay; fits drafters whose law it accepts. */
export interface Verifier<L extends ProposalLaw> {
  readonly rule: VerifyEvent["rule"];
  readonly lossless: boolean;
  /** The laws of `L`, for the check when a method runs. */
  readonly accepts: readonly ProposalLaw[];
  /** Never called: a parameter makes verifiers of several laws fit drafters of one of them. */
  readonly takes?: (law: L) => void;
}

const ALL_LAWS: readonly ProposalLaw[] = ["chain", "wor", "iid", "iidPaths", "point"];

/** Accepts the child that is the target's argmax. For temperature 0, whatever the tokens were drawn by. */
export const GREEDY: Verifier<ProposalLaw> = { rule: "greedy", lossless: true, accepts: ALL_LAWS };
/**
 * Tests children in draw order against what is left of the target law.
 * @see Leviathan et al. 2023, algorithm 1 (chains); Jeon et al. 2024, recursive rejection sampling
 */
export const RECURSIVE_REJECTION: Verifier<"chain" | "wor"> = {
  rule: "recursive_rejection",
  lossless: true,
  accepts: ["chain", "wor"],
};

/**
 * Tests independent draws one after another against what the ones before left of the target law.
 * @see Miao et al. 2024, SpecInfer, algorithm 2 (multi-step speculative sampling)
 */
export const MULTI_ROUND: Verifier<"iid"> = { rule: "multi_round", lossless: true, accepts: ["iid"] };
/**
 * K-sequential selection: all draws at a node are tested against the target law over one factor rho.
 * @see Sun et al. 2023, SpecTr, algorithm 3 and theorem 3
 */
export const K_SEQ: Verifier<"iid" | "iidPaths"> = {
  rule: "k_seq",
  lossless: true,
  accepts: ["iid", "iidPaths"],
};
/**
 * Draws one token from the target law after each node and goes on to the child that is that token. Fits every
 * drafter, and is the rule for tokens that were chosen, not drawn.
 * @see Li et al. 2024, EAGLE-2; the same as rejection sampling against point masses
 */
export const SAMPLE_AND_MATCH: Verifier<ProposalLaw> = {
  rule: "sample_and_match",
  lossless: true,
  accepts: ALL_LAWS,
};

/**
 * The check of a drafter and its verifier that the types make, for what they cannot see.
 * @throws Error if the verifier is not exact for tokens drawn by that law
 */
export function checkFits(law: ProposalLaw, { rule, accepts }: Verifier<never>): void {
  if (!accepts.includes(law))
    throw new Error(`the rule ${rule} is exact for law ${accepts.join(" or ")}, the drafter's law is ${law}`);
}

/** Laws of tokens that a draft model draws. */
export type DrawnLaw = Exclude<ProposalLaw, "point">;

/** Expansions whose draws follow each law. */
const DRAWS = {
  chain: ["per_node"],
  wor: ["per_node", "beam", "planned"],
  iid: ["independent"],
  iidPaths: ["independent", "paths"],
} as const satisfies Record<DrawnLaw, readonly Expansion["kind"][]>;

/** An expansion whose draws follow law `L`. */
export type ExpansionOf<L extends DrawnLaw> = Extract<Expansion, { kind: (typeof DRAWS)[L][number] }>;

/** One level after another: how many nodes there are, how they are drawn, and the law that this gives them. */
export interface TreePolicy<L extends DrawnLaw> {
  readonly law: L;
  readonly levels: readonly number[];
  readonly expansions: readonly ExpansionOf<L>[];
}

/** A policy of whatever law. */
export type AnyPolicy = Omit<TreePolicy<DrawnLaw>, "expansions"> & {
  readonly expansions: readonly Expansion[];
};

/** @throws Error if the expansions of a policy do not draw by its law */
function checkDraws({ law, levels, expansions }: AnyPolicy): void {
  expansions.forEach(({ kind }, level) => {
    const fitting: readonly Expansion["kind"][] =
      law === "iidPaths" ? [level === 0 ? "independent" : "paths"] : DRAWS[law];
    if (!fitting.includes(kind) || (law === "chain" && levels[level] !== 1))
      throw new Error(
        `level ${level + 1} of a tree of law ${law} draws by ${fitting.join(" or ")}, found ${kind}, ${levels[level]} nodes`,
      );
  });
}

/** Nodes of a policy's tree, the anchor included. */
export const countNodes = (policy: Pick<AnyPolicy, "levels">): number =>
  policy.levels.reduce((sum, n) => sum + n, 1);

/**
 * `branching[l]` children for every node at depth l. Levels that do not fit into MAX_NODES get fewer children, and
 * the tree ends where not even one child each fits; then no node gets more children than there are tokens.
 */
export function branchingTree(branching: readonly number[], vocabSize = Infinity): TreePolicy<"wor"> {
  const fitting: number[] = [];
  let frontier = 1;
  let room = MAX_NODES - 1;
  for (const wanted of branching) {
    const children = Math.min(wanted, Math.floor(room / frontier));
    if (children < 1) break;
    frontier *= children;
    room -= frontier;
    fitting.push(Math.min(children, vocabSize));
  }
  let size = 1;
  return {
    law: "wor",
    levels: fitting.map((children) => (size *= children)),
    expansions: fitting.map((children) => ({ kind: "per_node", children })),
  };
}

/** `length` tokens in a row: a tree with one child a level. */
export function chainTree(length: number): TreePolicy<"chain"> {
  const levels = Array.from({ length: Math.min(length, MAX_NODES - 1) }, () => 1);
  return { law: "chain", levels, expansions: levels.map(() => ({ kind: "per_node", children: 1 })) };
}

/** The `width` best paths at each of `depth` levels, fewer where fewer are possible. */
export function beamTree(width: number, depth: number, vocabSize = Infinity): TreePolicy<"wor"> {
  const levels: number[] = [];
  let frontier = 1;
  for (let level = 0; level < depth; level++) {
    frontier = Math.min(width, frontier * vocabSize);
    levels.push(frontier);
  }
  return { law: "wor", levels, expansions: levels.map((size) => ({ kind: "beam", width: size })) };
}

/** `branching[l]` independent draws at every node of depth l; fitted into MAX_NODES like {@link branchingTree}. */
export function independentTree(branching: readonly number[]): TreePolicy<"iid"> {
  const { levels } = branchingTree(branching);
  return {
    law: "iid",
    levels,
    expansions: levels.map((nodes, level) => ({
      kind: "independent",
      children: nodes / (levels[level - 1] ?? 1),
    })),
  };
}

/** `count` independent paths of `length` tokens; equal beginnings are merged by the session. */
export function pathTree(count: number, length: number): TreePolicy<"iidPaths"> {
  const first: ExpansionOf<"iidPaths"> = { kind: "independent", children: count };
  const further: ExpansionOf<"iidPaths"> = { kind: "paths" };
  const depth = Math.max(1, Math.min(length, Math.floor((MAX_NODES - 1) / count)));
  return {
    law: "iidPaths",
    levels: Array.from({ length: depth }, () => count),
    expansions: Array.from({ length: depth }, (_, level) => (level === 0 ? first : further)),
  };
}

/**
 * Settings of a draft law: the target's temperature unless another is given (0 means the same), its repetition
 * penalty, and no truncation, so that no token the target may want is out of reach.
 */
export function draftSampler(target: SamplerSettings, temperature: number): SamplerSettings {
  return {
    ...target,
    temperature: temperature > 0 ? temperature : target.temperature,
    topK: 0,
    topP: 1,
    minP: 0,
  };
}

/**
 * Expansions of the same shape without chance: independent draws of an argmax would all be the same token, so the
 * most probable ones stand in for them.
 */
function withoutNoise({ expansions }: AnyPolicy): Expansion[] {
  return expansions.map((how) => {
    if (how.kind === "independent") return { kind: "per_node", children: how.children };
    return how.kind === "paths" ? { kind: "per_node", children: 1 } : how;
  });
}

/**
 * A draft model that grows the tree level by level, one forward pass a level. It is fed the last two committed
 * tokens first: after a round that accepted a deepest node, that node's slot is missing in its cache.
 * @throws Error if the policy's expansions do not draw by its law
 */
export function modelDrafter<L extends DrawnLaw>(
  policy: TreePolicy<L>,
  sampler: SamplerSettings,
): Drafter<L> {
  checkDraws(policy);
  return {
    law: policy.law,
    levels: policy.levels,
    fedDepth: policy.levels.length - 1,
    record(ops, noisy) {
      const tree = ops.tree(policy.levels);
      const laws = (noisy ? policy.expansions : withoutNoise(policy)).map((how, level) => {
        const rows = level === 0 ? ops.committedTail(2) : ops.levelRows(tree, level);
        const after = ops.forward("draft", rows, sampler);
        ops.expand(tree, after, how, noisy);
        return after;
      });
      return { tree, laws };
    },
  };
}

/** Chooses all nodes of a tree at once, without a draft model; `record` says how, and what learns from the round. */
export function chosenDrafter(
  levels: readonly number[],
  record: (ops: Recorder) => { readonly choice: Choice; readonly learn?: Successors },
): Drafter<"point"> {
  return {
    law: "point",
    levels,
    fedDepth: null,
    record(ops) {
      const { choice, ...rest } = record(ops);
      const tree = ops.tree(levels);
      ops.choose(tree, choice);
      return { tree, laws: [], ...rest };
    },
  };
}
