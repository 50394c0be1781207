/** The draft-tree drawing: committed text as trunk, the round's tree branching to the right of its last token. */
import { linkHorizontal } from "d3-shape";
import { useMemo } from "react";
import { roundOf, type RoundView } from "../../trace/view";
import { isSame } from "../stores/layout";
import { Glyph, SIGN_COLOUR, type Sign } from "./glyphs";
import { describeMark, isBeyondEnd, selectionOf } from "./tree_words";
import {
  fitTree,
  GLYPH,
  isCompactAt,
  LABEL_SIZE,
  layTree,
  NUMBERS_SIZE,
  type PlacedMark,
  type TreeLayout,
} from "./tree_layout";
import type { DrawingProps, Placement, ViewDefinition } from "./view";

/** How much is written beside the glyphs. */
type Detail = "numbers" | "labels" | "dots";

/** Trees larger than this keep the labels of nodes that were never reached for closer looks. */
const CROWDED = 64;

function detailAt(k: number): Detail {
  if (k >= 0.58) return "numbers";
  return k >= 0.36 ? "labels" : "dots";
}

/** Labels shrink less than the drawing does, so that they can be read in a tree that was made to fit. */
const labelScale = (k: number): number => Math.min(2.2, Math.max(1, 0.72 / k));

const signOf = ({ mark }: PlacedMark): Sign =>
  mark.kind === "node" ? mark.node.state : mark.kind === "extra" ? mark.token.origin : "candidate";

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

const curve = linkHorizontal<unknown, [number, number]>();

function Edge({
  from,
  to,
  isFinal,
}: {
  readonly from: PlacedMark;
  readonly to: PlacedMark;
  readonly isFinal: boolean;
}) {
  const sign = signOf(to);
  const colour = SIGN_COLOUR[sign];
  const target: [number, number] = [to.x - GLYPH - 1, to.y];
  const d = curve({ source: [from.x + from.reach + 3, from.y], target }) ?? "";
  const isQuiet = sign === "not_reached" || sign === "candidate";
  if (sign === "bonus")
    return (
      <>
        <path d={d} fill="none" stroke={colour} strokeWidth={4.6} />
        <path d={d} fill="none" stroke="var(--sheet)" strokeWidth={1.7} />
      </>
    );
  return (
    <path
      d={d}
      fill="none"
      stroke={colour}
      strokeWidth={isFinal ? 2.6 : edgeWidth(weightOf(to))}
      strokeDasharray={sign === "residual" ? "7 4" : undefined}
      strokeOpacity={isQuiet ? 0.38 : sign === "rejected" ? 0.62 : 1}
    />
  );
}

interface MarkProps {
  readonly placed: PlacedMark;
  readonly round: RoundView;
  readonly detail: Detail;
  /** Of the whole drawing. */
  readonly k: number;
  readonly isSelected: boolean;
  /** The one mark of the drawing that Tab stops at. */
  readonly isTabStop: boolean;
  readonly onHover: DrawingProps["onHover"];
  readonly onPin: DrawingProps["onPin"];
}

function Mark({ placed, round, detail, k, isSelected, isTabStop, onHover, onPin }: MarkProps) {
  const sign = signOf(placed);
  const isQuiet = sign === "not_reached" || sign === "candidate";
  const isKept = sign === "accepted" || placed.mark.kind === "extra" || sign === "anchor";
  const isBeyond = isBeyondEnd(round, placed);
  const selection = selectionOf(round, placed);
  const handlers =
    onHover && onPin
      ? {
          role: "button",
          tabIndex: isTabStop ? 0 : -1,
          "aria-pressed": isSelected,
          onPointerEnter: () => onHover(selection),
          onPointerLeave: () => onHover(null),
          onFocus: () => onHover(selection),
          onBlur: () => onHover(null),
          onClick: () => onPin(selection),
        }
      : { role: "img" };
  const hit = placed.reach + GLYPH + 6;
  return (
    <g
      className="tree-mark"
      data-testid="tree-node"
      data-key={placed.key}
      data-state={sign}
      transform={`translate(${round2(placed.x)},${round2(placed.y)})`}
      style={{ "--delay": placed.depth }}
      aria-label={describeMark(round, placed)}
      {...handlers}
    >
      <rect className="tree-hit" x={-GLYPH - 4} y={-16} width={hit} height={32} rx={6} fill="transparent" />
      {/* New with each step, so that it appears anew; the mark around it stays and keeps its focus. */}
      <g className="tree-mark-body" key={round.step}>
        {isSelected && <circle r={GLYPH + 4} fill="none" stroke="var(--ink)" strokeWidth={1.5} />}
        <Glyph sign={sign} r={GLYPH} />
        {isBeyond && (
          <path d={`M${-GLYPH - 3},-11v22`} stroke="var(--ink)" strokeWidth={1.6} strokeDasharray="3 2.5" />
        )}
        {/* The path can be read however small the tree is drawn. */}
        {(detail !== "dots" || isKept) && (
          <text
            x={GLYPH + 6}
            y={detail === "numbers" ? 1.5 : 5}
            fontSize={LABEL_SIZE * labelScale(k)}
            opacity={isBeyond ? 0.55 : undefined}
            fontWeight={isKept ? 620 : 430}
            fill={isQuiet || sign === "rejected" ? "var(--ink-soft)" : "var(--ink)"}
          >
            {placed.label}
          </text>
        )}
        {detail === "numbers" && (
          <text x={GLYPH + 6} y={15} fontSize={NUMBERS_SIZE} fill="var(--ink-soft)" className="figures">
            {placed.numbers}
          </text>
        )}
      </g>
    </g>
  );
}

const round2 = (x: number): number => Math.round(x * 100) / 100;

function Trunk({
  layout,
  placement,
  size,
}: {
  layout: TreeLayout;
  placement: Placement;
  size: DrawingProps["size"];
}) {
  const shown = layout.trunk.filter(
    (t) => (t.x + t.width) * placement.k + placement.x > -40 && t.x * placement.k + placement.x < size.width,
  );
  const end = layout.marks.length > 0 ? -GLYPH : 0;
  const start = layout.trunk.at(-1);
  if (!start) return null;
  return (
    <g aria-hidden="true">
      <path d={`M${start.x - start.width / 2},0H${end}`} stroke="var(--ink)" strokeWidth={2.2} />
      {shown.map((t) => (
        <g key={t.position} transform={`translate(${round2(t.x)},0)`} opacity={t.token ? 1 : 0.75}>
          <Glyph sign={t.token?.origin ?? "prompt"} r={3.6} />
          <text y={-11} textAnchor="middle" fontSize={LABEL_SIZE - 1} fill="var(--ink-soft)">
            {t.label}
          </text>
        </g>
      ))}
    </g>
  );
}

function DepthScale({ layout }: { readonly layout: TreeLayout }) {
  const y = layout.bounds.bottom - 8;
  return (
    <g aria-hidden="true" fontSize={NUMBERS_SIZE} fill="var(--ink-soft)">
      {layout.columns.map((x, depth) => (
        <text key={depth} x={depth === 0 ? x : x - GLYPH} y={y} textAnchor={depth === 0 ? "middle" : "start"}>
          {depth === 0 ? "anchor" : `depth ${depth}`}
        </text>
      ))}
    </g>
  );
}

function TreeDrawing({ view, step, size, placement, selection = null, onHover, onPin }: DrawingProps) {
  const round = step < 0 ? undefined : roundOf(view, step);
  const isCompact = isCompactAt(size);
  const layout = useMemo(() => layTree(view, round, isCompact), [view, round, isCompact]);
  const place = placement ?? fitTree(layout, size);
  // Closer rows have no room for numbers below the labels.
  const isClose = layout.marks.length > CROWDED && detailAt(place.k) === "numbers" && place.k < 1.6;
  const detail = isClose ? "labels" : detailAt(place.k);
  const byKey = new Map(layout.marks.map((m) => [m.key, m]));
  const isCrowded = layout.marks.length > CROWDED && place.k < 0.9;
  const isChosen = (m: PlacedMark): boolean =>
    selection !== null && round !== undefined && isSame(selectionOf(round, m), selection);
  const chosen = layout.marks.find(isChosen) ?? layout.marks[0];
  // Kept edges last, so that nothing crosses over the committed path.
  const edges = layout.marks
    .filter((m) => m.parent !== null)
    .sort((a, b) => Number(isOnPath(a)) - Number(isOnPath(b)));
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={size.width}
      height={size.height}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label={round ? `Draft tree of step ${step + 1}` : "The prompt, before the first step"}
      className="tree-drawing"
      fontFamily="var(--sans)"
    >
      <g
        data-zoom=""
        transform={`translate(${round2(place.x)},${round2(place.y)}) scale(${round2(place.k)})`}
      >
        <Trunk layout={layout} placement={place} size={size} />
        <g aria-hidden="true">
          {edges.map((m) => {
            const parent = byKey.get(m.parent ?? "");
            return parent ? (
              <Edge key={m.key} from={parent} to={m} isFinal={m.mark.kind === "extra"} />
            ) : null;
          })}
        </g>
        {layout.columns.length > 1 && <DepthScale layout={layout} />}
        {round &&
          layout.marks.map((m) => (
            <Mark
              key={m.key}
              placed={m}
              round={round}
              k={place.k}
              detail={isCrowded && signOf(m) === "not_reached" ? "dots" : detail}
              isSelected={isChosen(m)}
              isTabStop={m === chosen}
              onHover={onHover}
              onPin={onPin}
            />
          ))}
      </g>
    </svg>
  );
}

const isOnPath = (m: PlacedMark): boolean =>
  m.mark.kind === "extra" || (m.mark.kind === "node" && m.mark.node.state === "accepted");

export const treeView: ViewDefinition = {
  id: "tree",
  label: "Tree",
  help: "Edge width and q: how likely the draft model found a token. p: how likely the target finds it. Siblings are tested from top to bottom. Click a node to keep it, and again to force one that was not taken.",
  isZoomable: true,
  isFor: ["text"],
  Drawing: TreeDrawing,
  fit: (view, step, size) =>
    fitTree(layTree(view, step < 0 ? undefined : roundOf(view, step), isCompactAt(size)), size),
};
