/** The marks of the tree drawing and the edges between them. */
import { linkHorizontal } from "d3-shape";
import { memo } from "react";
import type { RoundView } from "../../trace/view";
import { GROUND } from "./ground";
import { isBlank } from "./token_label";
import { Glyph, SIGN_COLOUR, type Sign } from "./glyphs";
import type { ScaledTree } from "./tree_labels";
import { isOnPath, LABEL_SIZE, NUMBERS_SIZE, type PlacedMark, type TreeLayout } from "./tree_layout";
import { describeMark, isBeyondEnd } from "./tree_words";

/** Trees with more marks than this appear at once, and their quiet edges are drawn together: both keep them quick. */
export const CROWDED = 64;

const signOf = ({ mark }: PlacedMark): Sign =>
  mark.kind === "node" ? mark.node.state : mark.kind === "extra" ? mark.token.origin : "candidate";

const isQuiet = (sign: Sign): boolean => sign === "not_reached" || sign === "candidate";

/** Probability that decides the width of the edge to a mark: the draft's for drafts, the target's for the rest. */
const weightOf = ({ mark }: PlacedMark): number =>
  Math.exp(
    mark.kind === "node"
      ? mark.node.draftLogprob
      : mark.kind === "extra"
        ? mark.token.logprob
        : mark.candidate.logprob,
  );

export const edgeWidth = (p: number): number => 1 + 6 * Math.min(1, p);

const round2 = (x: number): number => Math.round(x * 100) / 100;

export const radiusOf = (m: PlacedMark, tree: ScaledTree): number =>
  isOnPath(m) || m.parent === null ? tree.pathRadius : tree.radius;

const curve = linkHorizontal<unknown, [number, number]>().digits(2);

function edgePath(from: PlacedMark, to: PlacedMark, tree: ScaledTree): string {
  const start = tree.labels.get(from.key)?.end ?? radiusOf(from, tree) + 2;
  return (
    curve({
      source: [from.x * tree.wide + start, from.y * tree.k],
      target: [to.x * tree.wide - radiusOf(to, tree) - 1, to.y * tree.k],
    }) ?? ""
  );
}

/** Width of an edge that has this much room. */
const widthIn = (row: number, p: number): number => Math.max(0.7, edgeWidth(p) * Math.min(1, row / 24));

interface TreeProps {
  readonly layout: TreeLayout;
  readonly tree: ScaledTree;
}

function Edge({ from, to, tree }: { from: PlacedMark; to: PlacedMark; tree: ScaledTree }) {
  const sign = signOf(to);
  const colour = SIGN_COLOUR[sign];
  const d = edgePath(from, to, tree);
  if (sign === "bonus")
    return (
      <>
        <path d={d} fill="none" stroke={colour} strokeWidth={4.6} />
        <path d={d} fill="none" stroke="var(--sheet)" strokeWidth={1.7} />
      </>
    );
  const width = widthIn(tree.row, weightOf(to));
  return (
    <path
      d={d}
      fill="none"
      stroke={colour}
      strokeWidth={round2(isOnPath(to) ? Math.max(2.2, to.mark.kind === "extra" ? 2.6 : width) : width)}
      strokeDasharray={sign === "residual" ? "7 4" : undefined}
      strokeOpacity={isQuiet(sign) ? 0.38 : sign === "rejected" ? 0.62 : 1}
    />
  );
}

/** Edges of quiet marks of a crowded tree, one path for each width. */
function QuietEdges({
  pairs,
  tree,
}: {
  pairs: readonly (readonly [PlacedMark, PlacedMark])[];
  tree: ScaledTree;
}) {
  const paths = new Map<number, string>();
  for (const [from, to] of pairs) {
    const width = Math.round(widthIn(tree.row, weightOf(to)) * 2) / 2 || 0.7;
    paths.set(width, (paths.get(width) ?? "") + edgePath(from, to, tree));
  }
  return (
    <>
      {[...paths].map(([width, d]) => (
        <path key={width} d={d} fill="none" stroke="var(--idle)" strokeWidth={width} strokeOpacity={0.38} />
      ))}
    </>
  );
}

/** All edges, those of the path last, so that nothing crosses over it. */
export const Edges = memo(function Edges({ layout, tree }: TreeProps) {
  const byKey = new Map(layout.marks.map((m) => [m.key, m]));
  const pairs = layout.marks.flatMap((to): [PlacedMark, PlacedMark][] => {
    const from = byKey.get(to.parent ?? "");
    return from ? [[from, to]] : [];
  });
  const isTogether = (m: PlacedMark): boolean => layout.marks.length > CROWDED && isQuiet(signOf(m));
  const single = pairs.filter(([, to]) => !isTogether(to));
  return (
    <g aria-hidden="true">
      <QuietEdges pairs={pairs.filter(([, to]) => isTogether(to))} tree={tree} />
      {single
        .sort(([, a], [, b]) => Number(isOnPath(a)) - Number(isOnPath(b)))
        .map(([from, to]) => (
          <Edge key={to.key} from={from} to={to} tree={tree} />
        ))}
    </g>
  );
});

/** The text of a mark, on a ground that keeps it readable over edges. */
export function Label({
  m,
  tree,
  at,
  isBeyond,
}: {
  readonly m: PlacedMark;
  readonly tree: ScaledTree;
  readonly at: { readonly x: number; readonly y: number; readonly anchor: "start" | "middle" | "end" };
  readonly isBeyond: boolean;
}) {
  const sign = signOf(m);
  const isKept = isOnPath(m) || sign === "anchor";
  const numbersSize = (NUMBERS_SIZE * tree.fontSize) / LABEL_SIZE;
  return (
    <g textAnchor={at.anchor === "start" ? undefined : at.anchor}>
      <text
        x={round2(at.x)}
        y={round2(at.y)}
        fontSize={round2(tree.fontSize)}
        opacity={isBeyond || isBlank(m.label) ? 0.6 : undefined}
        fontWeight={isKept ? 620 : 430}
        fill={isQuiet(sign) || sign === "rejected" ? "var(--ink-soft)" : "var(--ink)"}
        {...GROUND}
      >
        {m.label}
      </text>
      {tree.hasNumbers && m.numbers !== "" && (
        <text
          x={round2(at.x)}
          y={round2(at.y + tree.fontSize * 0.96)}
          fontSize={round2(numbersSize)}
          fill="var(--ink-soft)"
          className="figures"
          {...GROUND}
        >
          {m.numbers}
        </text>
      )}
    </g>
  );
}

/** Whether a mark of a crowded tree is a dot: it is drawn with all others by {@link Dots}, and is itself only where to point at. */
export const isDot = (m: PlacedMark, { layout, tree }: TreeProps): boolean =>
  layout.marks.length > CROWDED && isQuiet(signOf(m)) && !tree.labels.has(m.key);

/** The dots of a crowded tree as one path. */
export const Dots = memo(function Dots({ layout, tree }: TreeProps) {
  const r = tree.radius;
  const circle = `a${round2(r)},${round2(r)} 0 1,0 ${round2(2 * r)},0a${round2(r)},${round2(r)} 0 1,0 ${round2(-2 * r)},0`;
  const d = layout.marks
    .filter((m) => isDot(m, { layout, tree }))
    .map((m) => `M${round2(m.x * tree.wide - r)},${round2(m.y * tree.k)}${circle}`)
    .join("");
  return d === "" ? null : <path d={d} fill="var(--sheet)" stroke="var(--idle)" strokeWidth={1} />;
});

/** A dot as something that can be pointed at, focused and read aloud. */
export const DotMark = memo(function DotMark({
  m,
  round,
  tree,
  isSelected,
  isTabStop,
  isLive,
}: Omit<MarkProps, "bodyKey">) {
  const height = Math.max(5, Math.min(32, tree.row));
  const handlers = isLive
    ? { role: "button", tabIndex: isTabStop ? 0 : -1, "aria-pressed": isSelected }
    : { role: "img" };
  return (
    <rect
      className="tree-dot"
      data-testid="tree-node"
      data-key={m.key}
      data-state={signOf(m)}
      x={round2(m.x * tree.wide - 6)}
      y={round2(m.y * tree.k - height / 2)}
      width={12}
      height={round2(height)}
      fill={isSelected ? "var(--ink)" : "transparent"}
      aria-label={describeMark(round, m)}
      {...handlers}
    />
  );
});

interface MarkProps {
  readonly m: PlacedMark;
  readonly round: RoundView;
  readonly tree: ScaledTree;
  readonly isSelected: boolean;
  /** The one mark of the drawing that Tab stops at. */
  readonly isTabStop: boolean;
  readonly isLive: boolean;
  /** New with each step, so that the mark appears anew; the mark around it stays and keeps its focus. */
  readonly bodyKey: number;
}

export const Mark = memo(function Mark({
  m,
  round,
  tree,
  isSelected,
  isTabStop,
  isLive,
  bodyKey,
}: MarkProps) {
  const sign = signOf(m);
  const isBeyond = isBeyondEnd(round, m);
  const r = radiusOf(m, tree);
  const place = tree.labels.get(m.key);
  const height = Math.min(32, Math.max(6, tree.row));
  const handlers = isLive
    ? { role: "button", tabIndex: isTabStop ? 0 : -1, "aria-pressed": isSelected }
    : { role: "img" };
  return (
    <g
      className="tree-mark"
      data-testid="tree-node"
      data-key={m.key}
      data-state={sign}
      transform={`translate(${round2(m.x * tree.wide)},${round2(m.y * tree.k)})`}
      style={bodyKey === 0 ? undefined : { "--delay": m.depth }}
      aria-label={describeMark(round, m)}
      {...handlers}
    >
      <rect
        className="tree-hit"
        x={-r - 4}
        y={-height / 2}
        width={round2((place?.end ?? r + 2) + r + 4)}
        height={height}
        rx={Math.min(6, height / 3)}
        fill="transparent"
      />
      <g className="tree-mark-body" key={bodyKey}>
        {isSelected && <circle r={r + 4} fill="none" stroke="var(--ink)" strokeWidth={1.5} />}
        <Glyph sign={sign} r={r} />
        {isBeyond && (
          <path
            d={`M${-r - 3},${-r - 4.5}v${2 * r + 9}`}
            stroke="var(--ink)"
            strokeWidth={1.6}
            strokeDasharray="3 2.5"
          />
        )}
        {place && <Label m={m} tree={tree} at={place} isBeyond={isBeyond} />}
      </g>
    </g>
  );
});
