/** Turns what a round read back into trace events; the only place where device arrays become records. */
import type {
  DraftEvent,
  DraftNode,
  MethodEvent,
  NodeVerdict,
  TokenLogprob,
  TokenOrigin,
  VerifyEvent,
} from "../trace/events";
import type { ProgramCost, RoundOutcome, TopTokens, TreeContents } from "./session";

/** Tokens listed in a candidates event. */
export const CANDIDATES = 10;
/** Parent of a node that is not there: a level drawn short, a token that nothing is known for. */
const ABSENT = -2;
/** Log-probabilities below this stand for tokens that the sampling settings dropped. */
const DROPPED = -1e29;

/** Rounding can put the logarithm of a probability of 1 a hair above 0. */
const logprob = (value: number): number => Math.min(0, value);

/** Tokens of row `row`, most probable first, without dropped ones. */
export function topOfRow(top: TopTokens, row: number): TokenLogprob[] {
  const list: TokenLogprob[] = [];
  for (let i = row * top.k; i < (row + 1) * top.k; i++) {
    const value = top.logprobs[i]!;
    if (value > DROPPED) list.push([top.tokens[i]!, logprob(value)]);
  }
  return list;
}

/** Candidates for the token at `position` outside a tree, from the last row of `top`. */
export function plainCandidates(step: number, position: number, top: TopTokens): MethodEvent {
  return { kind: "candidates", step, of: "target", node: null, position, top: topOfRow(top, top.rows - 1) };
}

/** A round as it is told: nodes that are there, numbered without gaps, and what was decided about them. */
export interface ToldRound {
  /** The anchor first. */
  readonly nodes: readonly DraftNode[];
  /** Device's number of each node: its row among the tree's, and its slot counted from the anchor's. */
  readonly ids: readonly number[];
  /** Number under which the draft model knows each node, and its slot there; -1 where it was never fed. */
  readonly origins: readonly number[];
  /** By number in `nodes`, the path too. */
  readonly outcome: RoundOutcome;
}

/** Leaves out absent nodes, which only the device counts. */
export function toldRound(tree: TreeContents, outcome: RoundOutcome): ToldRound {
  const ids: number[] = [];
  const numbers = new Int32Array(tree.count).fill(-1);
  for (let id = 0; id < tree.count; id++) {
    if (tree.parent[id] === ABSENT) continue;
    numbers[id] = ids.length;
    ids.push(id);
  }
  const nodes = ids.map((id, number): DraftNode => ({
    id: number,
    parent: id === 0 ? -1 : numbers[tree.parent[id]!]!,
    depth: tree.depth[id]!,
    sibling: tree.sibling[id]!,
    token: tree.token[id]!,
    logq: logprob(tree.logq[id]!),
    phi: logprob(tree.phi[id]!),
    perturbed: tree.perturbed[id]!,
  }));
  const origins = ids.map((id) => tree.origin[id]!);
  if (nodes.length === tree.count) return { nodes, ids, origins, outcome };
  const floats = (values: Float32Array): Float32Array => Float32Array.from(ids, (id) => values[id]!);
  return {
    nodes,
    ids,
    origins,
    outcome: {
      ...outcome,
      path: outcome.path.map((id) => numbers[id]!),
      logp: floats(outcome.logp),
      r: floats(outcome.r),
      d: floats(outcome.d),
      acceptProb: floats(outcome.acceptProb),
      u: floats(outcome.u),
      verdict: Uint32Array.from(ids, (id) => outcome.verdict[id]!),
    },
  };
}

/** Candidates of the target after every node. A node at depth k competes for the k-th position after the text. */
export function targetCandidates({ nodes, ids, outcome }: ToldRound, top: TopTokens): MethodEvent[] {
  return nodes.map((node, i) => ({
    kind: "candidates",
    step: outcome.step,
    of: "target",
    node: node.id,
    position: outcome.n + node.depth,
    top: topOfRow(top, ids[i]!),
  }));
}

/**
 * Candidates of the draft model after the nodes of one depth, whose laws are the last rows of `top`; `first` is the
 * number under which the first of them was drafted.
 */
export function draftCandidates(
  told: ToldRound,
  depth: number,
  first: number,
  top: TopTokens,
): MethodEvent[] {
  const { nodes, origins, outcome } = told;
  return nodes.flatMap((node, i): MethodEvent[] =>
    node.depth !== depth || origins[i]! < 0
      ? []
      : [
          {
            kind: "candidates",
            step: outcome.step,
            of: "draft",
            node: node.id,
            position: outcome.n + depth,
            // Of a committed tail only the anchor's row has a law; a level has one for each node, absent ones too.
            top: topOfRow(top, depth === 0 ? top.rows - 1 : origins[i]! - first),
          },
        ],
  );
}

export function draftEvent(step: number, law: DraftEvent["law"], nodes: readonly DraftNode[]): MethodEvent {
  return { kind: "draft", step, law, nodes };
}

const VERDICTS = ["not_reached", "accepted", "rejected"] as const;

/** What verification said of every drafted node. */
export function verifyEvent(
  outcome: RoundOutcome,
  verifier: { readonly rule: VerifyEvent["rule"]; readonly lossless: boolean },
  nodes: readonly DraftNode[],
): MethodEvent {
  const verdicts = nodes.slice(1).map(({ id }): NodeVerdict => {
    const u = outcome.u[id]!;
    return {
      id,
      logp: logprob(outcome.logp[id]!),
      r: outcome.r[id]!,
      d: outcome.d[id]!,
      acceptProb: outcome.acceptProb[id]!,
      u: u < 0 ? null : u,
      outcome: VERDICTS[outcome.verdict[id]!] ?? "not_reached",
    };
  });
  const { step, extra } = outcome;
  return {
    kind: "verify",
    step,
    rule: verifier.rule,
    lossless: verifier.lossless,
    verdicts,
    path: [...outcome.path],
    extra: extra === "sample" ? "bonus" : extra,
  };
}

/** Where the token after the path came from: an argmax is a bonus below a leaf and a correction anywhere else. */
function extraOrigin(outcome: RoundOutcome, nodes: readonly DraftNode[]): TokenOrigin {
  if (outcome.extra === "residual" || outcome.extra === "bonus") return outcome.extra;
  if (nodes.length === 0) return "target";
  const last = outcome.path.at(-1)!;
  return nodes.some((node) => node.parent === last) ? "residual" : "bonus";
}

/** The committed tokens of a round; `nodes` is empty for methods without trees. */
export function commitEvent(outcome: RoundOutcome, nodes: readonly DraftNode[] = []): MethodEvent {
  const tokens = [...outcome.tokens];
  const accepted = nodes.length > 0 ? outcome.path.length - 1 : 0;
  return {
    kind: "commit",
    step: outcome.step,
    positions: tokens.map((_, i) => outcome.n + i),
    tokens,
    origins: tokens.map((_, i) => (i < accepted ? "accepted" : extraOrigin(outcome, nodes))),
    logprobs: tokens.map((_, i) => logprob(outcome.logprobs[i]!)),
    nodes: tokens.map((_, i) => (i < accepted ? outcome.path[i + 1]! : null)),
  };
}

/** Slot copies that bring path[k] to anchor + k, for the first `count` nodes of the path; `slots` by node. */
function pathMoves(
  { outcome }: ToldRound,
  slots: readonly number[],
  count: number,
): [source: number, destination: number][] {
  const anchor = outcome.n - 1;
  return [...outcome.path.slice(0, count)].flatMap((node, k): [number, number][] =>
    slots[node] === k ? [] : [[anchor + slots[node]!, anchor + k]],
  );
}

/** What a round did to the target's cache; `rows` slots were set aside for the tree, the anchor included. */
export function targetSlots(told: ToldRound, rows: number): MethodEvent {
  const { outcome } = told;
  // As many slots as tokens: the path with its anchor, cut where the text was cut.
  const kept = outcome.tokens.length;
  const moves = pathMoves(told, told.ids, kept);
  return { kind: "state", step: outcome.step, of: "target", base: outcome.n - 1, written: rows, moves, kept };
}

/**
 * What a round did to the draft model's cache. `valid` slots held committed text before it; nodes down to depth
 * `fedDepth` were fed, `fedRows` rows, the anchor included. Of the path, only fed nodes stay.
 */
export function draftSlots(
  told: ToldRound,
  valid: number,
  fedRows: number,
  fedDepth: number,
): Extract<MethodEvent, { kind: "state" }> {
  const { outcome } = told;
  const anchor = outcome.n - 1;
  const fed = [...outcome.path].filter((node) => told.origins[node]! >= 0).length;
  const keptNodes = Math.min(outcome.tokens.length, fedDepth + 1, fed);
  return {
    kind: "state",
    step: outcome.step,
    of: "draft",
    base: valid,
    written: anchor - valid + fedRows,
    moves: pathMoves(told, told.origins, keptNodes),
    kept: anchor - valid + keptNodes,
  };
}

/** `transfers` is 1 for the round that paid for a submit and a readback, 0 for others of the same run. */
export function costEvent(step: number, cost: ProgramCost, transfers: 0 | 1): MethodEvent {
  const { targetForwards, targetRows, draftForwards, draftRows, dispatches } = cost;
  return {
    kind: "cost",
    step,
    targetForwards,
    targetRows,
    draftForwards,
    draftRows,
    dispatches,
    submits: transfers,
    readbacks: transfers,
  };
}
