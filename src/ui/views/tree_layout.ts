/** Where everything of the tree drawing goes: plain data, no colours, no React. */
import { hierarchy, tree } from "d3-hierarchy";
import {
  candidatesOf,
  drawnChildren,
  type Candidate,
  type CommittedToken,
  type NodeView,
  type RoundView,
  type RunView,
  type TokenView,
} from "../../trace/view";
import { shortProbability, truncate } from "../format";
import { textWidth } from "./text_width";
import { tokenLabel } from "./token_label";
import type { Placement, Size } from "./view";

/** A mark of the tree: a drafted node, the token that came after the path, or a candidate that was not drawn. */
export type TreeMark =
  | { readonly kind: "node"; readonly node: NodeView }
  | { readonly kind: "extra"; readonly token: CommittedToken }
  | { readonly kind: "candidate"; readonly candidate: Candidate };

export interface PlacedMark {
  readonly key: string;
  readonly mark: TreeMark;
  /** Key of its parent; null for the anchor. */
  readonly parent: string | null;
  readonly depth: number;
  readonly x: number;
  readonly y: number;
  /** Text shown beside the glyph, and the probabilities under it. */
  readonly label: string;
  readonly numbers: string;
  /** From the middle of the glyph to the end of the label: where edges to children begin. */
  readonly reach: number;
}

/** A committed token on the trunk, left of the anchor. */
export interface TrunkMark {
  readonly position: number;
  readonly label: string;
  /** Null for the prompt. */
  readonly token: TokenView | null;
  readonly x: number;
  readonly width: number;
}

export interface TreeLayout {
  /** Anchor first; it stands at (0, 0). */
  readonly marks: readonly PlacedMark[];
  /** Nearest to the anchor first. */
  readonly trunk: readonly TrunkMark[];
  /** x of each depth. */
  readonly columns: readonly number[];
  /** Of the tree and its labels, without the trunk. */
  readonly bounds: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  readonly isCompact: boolean;
}

export const LABEL_SIZE = 14;
export const NUMBERS_SIZE = 10.5;
export const GLYPH = 6.5;
const LONGEST_LABEL = 16;
/** Trunk marks drawn at most; a run of thousands of tokens must not slow the drawing of its last step. */
const LONGEST_TRUNK = 60;

interface Branch {
  readonly key: string;
  readonly mark: TreeMark;
  readonly children: Branch[];
}

export const nodeKey = (id: number): string => `node-${id}`;
export const EXTRA_KEY = "extra";

const tokenOfMark = (mark: TreeMark): number =>
  mark.kind === "node" ? mark.node.token : mark.kind === "extra" ? mark.token.token : mark.candidate.token;

/** "q .22 -> p .31" for drafts, "p .31" for the rest; without the letters where there is no room. */
export function numbersOf(mark: TreeMark, isCompact: boolean): string {
  const p = isCompact ? "" : "p ";
  const q = isCompact ? "" : "q ";
  if (mark.kind === "extra") return p + shortProbability(Math.exp(mark.token.logprob));
  if (mark.kind === "candidate") return p + shortProbability(Math.exp(mark.candidate.logprob));
  const { node } = mark;
  if (node.parent < 0) return "";
  const draft = q + shortProbability(Math.exp(node.draftLogprob));
  return node.verdict ? `${draft} \u2192 ${p}${shortProbability(Math.exp(node.verdict.logp))}` : draft;
}

/** The last token of a round: the one that was no draft. */
export const extraOf = (round: RoundView): CommittedToken | null => {
  const last = round.tokens.at(-1);
  return last && last.node === null ? last : null;
};

function treeBranches(round: RoundView): Branch {
  const extra = extraOf(round);
  const end = round.path.at(-1);
  const build = (id: number): Branch => {
    const node = round.nodes[id]!;
    const children = drawnChildren(round, node).map(build);
    if (extra && id === end)
      children.push({ key: EXTRA_KEY, mark: { kind: "extra", token: extra }, children: [] });
    return { key: nodeKey(id), mark: { kind: "node", node }, children };
  };
  return build(0);
}

/** A round without a tree: the law it drew from, the drawn token among its candidates. */
function plainBranches(view: RunView, round: RoundView, shown: number): Branch {
  const drawn = round.tokens[0];
  const top = (candidatesOf(round, "target", null)?.top ?? []).slice(0, shown);
  const children: Branch[] = top.map((candidate) =>
    candidate.token === drawn?.token
      ? { key: EXTRA_KEY, mark: { kind: "extra", token: drawn }, children: [] }
      : { key: `candidate-${candidate.token}`, mark: { kind: "candidate", candidate }, children: [] },
  );
  if (drawn && !children.some((c) => c.key === EXTRA_KEY))
    children.push({ key: EXTRA_KEY, mark: { kind: "extra", token: drawn }, children: [] });
  return { key: nodeKey(0), mark: { kind: "node", node: anchorNode(view, round) }, children };
}

/** The anchor as a node, for rounds whose events list none. */
function anchorNode(view: RunView, round: RoundView): NodeView {
  const { token, text } = tokenAt(view, round.base - 1);
  return {
    id: 0,
    parent: -1,
    depth: 0,
    sibling: 0,
    token,
    logq: 0,
    phi: 0,
    perturbed: 0,
    draftLogprob: 0,
    text,
    children: [],
    verdict: null,
    state: "anchor",
  };
}

function tokenAt(view: RunView, position: number): { token: number; text: string; view: TokenView | null } {
  const prompt = view.prompt[position];
  if (prompt) return { token: prompt.token, text: prompt.text, view: null };
  const token = view.tokens.at(position - (view.start?.promptTokens.length ?? 0));
  return token ? { token: token.token, text: token.piece, view: token } : { token: -1, text: "", view: null };
}

function layTrunk(view: RunView, before: number, gap: number): TrunkMark[] {
  const trunk: TrunkMark[] = [];
  let x = -gap;
  for (let position = before - 1; position >= Math.max(0, before - LONGEST_TRUNK); position--) {
    const { token: id, view: token } = tokenAt(view, position);
    const label = truncate(tokenLabel(view, id), LONGEST_LABEL);
    const width = Math.max(18, textWidth(label, LABEL_SIZE) + 12);
    trunk.push({ position, label, token, x: x - width / 2, width });
    x -= width;
  }
  return trunk;
}

/** Trees with more nodes than this stand closer: numbers are then for closer looks. */
const MANY = 64;

function rowHeightOf(nodes: number, isCompact: boolean): number {
  if (nodes > 2 * MANY) return 17;
  if (nodes > MANY) return 26;
  return isCompact ? 38 : 42;
}

/** The layout of a round's tree, or of the prompt's end if there is no such round. */
export function layTree(view: RunView, round: RoundView | undefined, isCompact: boolean): TreeLayout {
  const rowHeight = rowHeightOf(round?.nodes.length ?? 0, isCompact);
  const gap = isCompact ? 32 : 54;
  if (!round) {
    const end = view.prompt.length + view.tokens.length;
    return {
      marks: [],
      trunk: layTrunk(view, end, 0),
      columns: [],
      bounds: { left: -240, right: 40, top: -30, bottom: 30 },
      isCompact,
    };
  }
  const root = hierarchy(
    round.nodes.length > 0 ? treeBranches(round) : plainBranches(view, round, isCompact ? 6 : 10),
  );
  const placed = tree<Branch>()
    .nodeSize([rowHeight, 1])
    .separation((a, b) => (a.parent === b.parent ? 1 : 1.2))(root);

  const labels = new Map(
    placed
      .descendants()
      .map((d) => [d.data.key, truncate(tokenLabel(view, tokenOfMark(d.data.mark)), LONGEST_LABEL)]),
  );
  const reachOf = ({ key, mark }: Branch): number =>
    GLYPH +
    7 +
    Math.max(
      textWidth(labels.get(key) ?? "", LABEL_SIZE),
      textWidth(numbersOf(mark, isCompact), NUMBERS_SIZE),
    );
  const columns = [0];
  for (const d of placed.descendants()) {
    const next = (columns[d.depth] ?? 0) + reachOf(d.data) + gap;
    if (d.children) columns[d.depth + 1] = Math.max(columns[d.depth + 1] ?? 0, next);
  }
  const marks = placed.descendants().map((d): PlacedMark => {
    const { key, mark } = d.data;
    return {
      key,
      mark,
      parent: d.parent?.data.key ?? null,
      depth: d.depth,
      x: columns[d.depth]!,
      y: d.x - placed.x,
      label: labels.get(key)!,
      numbers: numbersOf(mark, isCompact),
      reach: reachOf(d.data),
    };
  });
  const ys = marks.map((m) => m.y);
  return {
    marks,
    trunk: layTrunk(view, round.base - 1, 18),
    columns,
    bounds: {
      left: -16,
      right: Math.max(...marks.map((m) => m.x + m.reach)) + 12,
      top: Math.min(...ys) - 22,
      bottom: Math.max(...ys) + 44,
    },
    isCompact,
  };
}

export const isCompactAt = (size: Size): boolean => size.width < 560;

/** Smallest scale a fit may choose, which shows trees of 256 nodes whole; where there is little room, panning is better. */
const SMALLEST_FIT = 0.2;
const SMALLEST_COMPACT_FIT = 0.78;

/** The placement that shows the whole tree and as much of the trunk as there is room for. */
export function fitTree({ bounds, isCompact }: TreeLayout, size: Size): Placement {
  const trunkRoom = isCompact ? 70 : Math.min(260, size.width * 0.22);
  const width = bounds.right - bounds.left;
  const height = bounds.bottom - bounds.top;
  const k = Math.max(
    isCompact ? SMALLEST_COMPACT_FIT : SMALLEST_FIT,
    Math.min(1.2, (size.width - trunkRoom - 16) / width, (size.height - 24) / height),
  );
  const overflowsHeight = height * k > size.height;
  return {
    k,
    x: Math.max(
      trunkRoom - bounds.left * k,
      (size.width - width * k) / 2 - bounds.left * k + trunkRoom / 2 - 8,
    ),
    y: overflowsHeight ? size.height / 2 : (size.height - height * k) / 2 - bounds.top * k,
  };
}
