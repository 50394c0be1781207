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

/** Positions are those at scale 1, at which the whole tree fits its frame: the larger the tree, the closer its rows. */
export interface TreeLayout {
  /** Anchor first; it stands at (0, 0). */
  readonly marks: readonly PlacedMark[];
  /** Nearest to the anchor first; their x is the same at every scale. */
  readonly trunk: readonly TrunkMark[];
  /** x of each depth. */
  readonly columns: readonly number[];
  /** Px between neighbouring rows, at most {@link ROW}. */
  readonly row: number;
  /** How much wider the columns would be if there were room. */
  readonly squeeze: number;
  /** Px between the highest row and the top of the frame, and between the lowest one and the names of the depths. */
  readonly free: number;
  /** Px kept free for the trunk, left of the anchor. */
  readonly trunkRoom: number;
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

/** Distance of rows where there is room for labels with their numbers. */
export const ROW = 42;
/** Px kept free above the uppermost row, and below the lowest one for the names of the depths. */
const ABOVE = 26;
const BELOW = 44;
const RIGHT = 12;

export const isCompactAt = (size: Size): boolean => size.width < 560;

function emptyLayout(view: RunView, isCompact: boolean): TreeLayout {
  return {
    marks: [],
    trunk: layTrunk(view, view.prompt.length + view.tokens.length, 0),
    columns: [],
    row: ROW,
    squeeze: 1,
    free: ABOVE,
    trunkRoom: isCompact ? 70 : 260,
    bounds: { left: -16, right: 40, top: -30, bottom: 30 },
    isCompact,
  };
}

/** How much of the natural width of the columns there is room for, at most 1. */
function shareOfWidth(
  marks: readonly { readonly x: number; readonly reach: number }[],
  room: number,
): number {
  let share = 1;
  for (const { x, reach } of marks) if (x > 0) share = Math.min(share, (room - reach) / x);
  return Math.max(0.05, share);
}

interface Laid {
  readonly view: RunView;
  readonly size: Size;
  readonly layout: TreeLayout;
}
/** The newest layout of each round: the frame asks for it as well as the drawing. */
const laid = new WeakMap<RoundView, Laid>();

/** The layout of a round's tree in a frame, or of the prompt's end if there is no such round. */
export function layTree(view: RunView, round: RoundView | undefined, size: Size): TreeLayout {
  const known = round && laid.get(round);
  if (known && known.view === view && known.size.width === size.width && known.size.height === size.height)
    return known.layout;
  const layout = makeLayout(view, round, size);
  if (round) laid.set(round, { view, size, layout });
  return layout;
}

function makeLayout(view: RunView, round: RoundView | undefined, size: Size): TreeLayout {
  const isCompact = isCompactAt(size);
  if (!round) return emptyLayout(view, isCompact);
  const gap = isCompact ? 32 : 54;
  const root = hierarchy(
    round.nodes.length > 0 ? treeBranches(round) : plainBranches(view, round, isCompact ? 6 : 10),
  );
  const placed = tree<Branch>()
    .nodeSize([1, 1])
    .separation((a, b) => (a.parent === b.parent ? 1 : 1.2))(root);
  const all = placed.descendants();
  const columns = [0];
  const natural = all.map((d) => {
    const { key, mark } = d.data;
    const label = truncate(tokenLabel(view, tokenOfMark(mark)), LONGEST_LABEL);
    const numbers = numbersOf(mark, isCompact);
    const reach = GLYPH + 7 + Math.max(textWidth(label, LABEL_SIZE), textWidth(numbers, NUMBERS_SIZE));
    return { d, key, mark, label, numbers, reach };
  });
  // Breadth first: a depth is complete before the next one begins.
  for (const { d, reach } of natural)
    if (d.children)
      columns[d.depth + 1] = Math.max(columns[d.depth + 1] ?? 0, columns[d.depth]! + reach + gap);

  const ends = natural.map(({ d, reach }) => ({ x: columns[d.depth]!, reach }));
  const shareAt = (room: number): number => shareOfWidth(ends, size.width - room - RIGHT);
  // A tree that needs the width leaves the trunk less of it.
  const trunkRoom = [isCompact ? 70 : Math.min(260, size.width * 0.22), isCompact ? 44 : 110].find(
    (room, i) => i === 1 || shareAt(room) >= 1,
  )!;
  const share = shareAt(trunkRoom);
  const ys = all.map((d) => d.x - placed.x);
  const [first, last] = [Math.min(...ys), Math.max(...ys)];
  const row = Math.min(isCompact ? ROW - 4 : ROW, (size.height - ABOVE - BELOW) / Math.max(1, last - first));
  const marks = natural.map(({ d, key, mark, label, numbers, reach }, i): PlacedMark => ({
    key,
    mark,
    parent: d.parent?.data.key ?? null,
    depth: d.depth,
    x: columns[d.depth]! * share,
    y: ys[i]! * row,
    label,
    numbers,
    reach,
  }));
  return {
    marks,
    trunk: layTrunk(view, round.base - 1, 18),
    columns: columns.map((x) => x * share),
    row: Math.max(0.5, row),
    squeeze: 1 / share,
    free: Math.min(ABOVE, BELOW - 20) + Math.max(0, (size.height - ABOVE - BELOW - (last - first) * row) / 2),
    trunkRoom,
    bounds: {
      left: -16,
      right: Math.max(...marks.map((m) => m.x + m.reach)) + RIGHT,
      top: first * row - ABOVE,
      bottom: last * row + BELOW,
    },
    isCompact,
  };
}

/** Scale of the columns where the rows are scaled by k: they widen to what labels need, and only then with the rows. */
export const columnScale = ({ row, squeeze }: TreeLayout, k: number): number =>
  k <= 1 ? k : Math.min(k, Math.max(1, (row * k) / ROW) * squeeze);

/** The placement that shows the whole tree and as much of the trunk as there is room for. */
export function fitTree({ bounds, trunkRoom }: TreeLayout, size: Size): Placement {
  const width = bounds.right - bounds.left;
  const height = bounds.bottom - bounds.top;
  return {
    k: 1,
    x: Math.max(trunkRoom, (size.width - width + trunkRoom) / 2 - bounds.left),
    y: (size.height - height) / 2 - bounds.top,
  };
}

/** Rows that can be read, in px. */
const READABLE = 24;

/** The placement that shows the committed path as large as its labels need, in the middle of the frame. */
export function fitPath(layout: TreeLayout, size: Size): Placement {
  const path = layout.marks.filter((m) => isOnPath(m) || m.parent === null);
  if (path.length < 2) return fitTree(layout, size);
  const ys = path.map((m) => m.y);
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const k = Math.max(
    1,
    Math.min(READABLE / layout.row, (size.height - ABOVE - BELOW) / Math.max(1, bottom - top)),
  );
  const wide = columnScale(layout, k);
  const right = Math.max(...path.map((m) => m.x * wide + m.reach)) + RIGHT;
  return {
    k,
    // The end of the path, if all of it is too wide.
    x: Math.min(Math.max(layout.trunkRoom, (size.width - right) / 2), size.width - right),
    y: (size.height - BELOW + ABOVE) / 2 - ((top + bottom) / 2) * k,
  };
}

export const isOnPath = ({ mark }: Pick<PlacedMark, "mark">): boolean =>
  mark.kind === "extra" || (mark.kind === "node" && mark.node.state === "accepted");
