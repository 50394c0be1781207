/** The draft-tree drawing: committed text as trunk, the round's tree branching to the right of its last token. */
import { memo, useMemo, type FocusEvent, type PointerEvent } from "react";
import { roundOf, type RoundView, type RunView } from "../../trace/view";
import { isSame, type Selection } from "../stores/layout";
import { Glyph } from "./glyphs";
import { isBeyondEnd, selectionOf } from "./tree_words";
import { scaleTree, type ScaledTree } from "./tree_labels";
import {
  columnScale,
  fitPath,
  fitTree,
  isOnPath,
  LABEL_SIZE,
  layTree,
  NUMBERS_SIZE,
  type PlacedMark,
  ROW,
  type TreeLayout,
} from "./tree_layout";
import { CROWDED, DotMark, Dots, Edges, isDot, Label, Mark, radiusOf } from "./tree_marks";
import { isBlank } from "./token_label";
import type { DrawingProps, Placement, ViewDefinition } from "./view";

const round2 = (x: number): number => Math.round(x * 100) / 100;

interface TrunkProps {
  readonly layout: TreeLayout;
  readonly placement: Placement;
  readonly size: DrawingProps["size"];
  readonly radius: number;
}

function Trunk({ layout, placement, size, radius }: TrunkProps) {
  const shown = layout.trunk.filter(
    (t) => t.x + t.width + placement.x > -40 && t.x + placement.x < size.width,
  );
  const end = layout.marks.length > 0 ? -radius : 0;
  const start = layout.trunk.at(-1);
  if (!start) return null;
  return (
    <g aria-hidden="true">
      <path
        d={`M${round2(start.x - start.width / 2)},0H${round2(end)}`}
        stroke="var(--ink)"
        strokeWidth={2.2}
      />
      {shown.map((t) => (
        <g key={t.position} transform={`translate(${round2(t.x)},0)`} opacity={t.token ? 1 : 0.75}>
          <Glyph sign={t.token?.origin ?? "prompt"} r={3.6} />
          <text
            y={-11}
            textAnchor="middle"
            fontSize={LABEL_SIZE - 1}
            fill="var(--ink-soft)"
            opacity={isBlank(t.label) ? 0.6 : undefined}
          >
            {t.label}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Narrowest distance of two names of depths, in px. */
const NAMES_APART = 48;

/** Depths whose names have room, and where they stand. */
function namedDepths(
  { columns }: TreeLayout,
  { wide }: ScaledTree,
  x: number,
  width: number,
): readonly { readonly depth: number; readonly at: number }[] {
  const named: { depth: number; at: number }[] = [];
  for (const [depth, column] of columns.entries()) {
    const at = x + column * wide;
    const last = named.at(-1)?.at ?? -Infinity;
    if (at - last >= NAMES_APART && at > 20 && at < width - 24) named.push({ depth, at });
  }
  return named;
}

interface DepthScaleProps {
  readonly layout: TreeLayout;
  readonly tree: ScaledTree;
  readonly x: number;
  readonly size: DrawingProps["size"];
}

/** The depths, at the foot of the frame wherever the tree was moved to. */
function DepthScale({ layout, tree, x, size }: DepthScaleProps) {
  return (
    <g aria-hidden="true" fontSize={NUMBERS_SIZE} fill="var(--ink-soft)">
      <rect y={size.height - 22} width={size.width} height={22} fill="var(--sheet)" opacity={0.86} />
      {namedDepths(layout, tree, x, size.width).map(({ depth, at }) => (
        <text key={depth} x={round2(at)} y={size.height - 8} textAnchor="middle">
          {depth === 0 ? "anchor" : `depth ${depth}`}
        </text>
      ))}
    </g>
  );
}

interface MarksProps {
  readonly layout: TreeLayout;
  readonly tree: ScaledTree;
  readonly round: RoundView;
  readonly selected: string | null;
  /** Dots are seen and cannot be pointed at. */
  readonly isPassing: boolean;
  readonly onHover: DrawingProps["onHover"];
  readonly onPin: DrawingProps["onPin"];
}

/** All marks, those of the path last and over the others. One listener serves them all. */
const Marks = memo(function Marks({ layout, tree, round, selected, isPassing, onHover, onPin }: MarksProps) {
  const isLive = onHover !== undefined && onPin !== undefined;
  const marks = useMemo(
    () => [...layout.marks].sort((a, b) => Number(isOnPath(a)) - Number(isOnPath(b))),
    [layout],
  );
  const tabStop = selected ?? layout.marks[0]?.key;
  const at = (target: EventTarget | null): Selection | null => {
    const key =
      target instanceof Element ? target.closest<SVGGElement>("[data-key]")?.dataset.key : undefined;
    const m = key === undefined ? undefined : layout.marks.find((one) => one.key === key);
    return m ? selectionOf(round, m) : null;
  };
  const listeners = isLive
    ? {
        onPointerOver: (e: PointerEvent) => onHover(at(e.target)),
        onPointerLeave: () => onHover(null),
        onFocus: (e: FocusEvent) => onHover(at(e.target)),
        onBlur: () => onHover(null),
        onPointerOut: (e: PointerEvent) => {
          if (at(e.relatedTarget) === null) onHover(null);
        },
        onClick: (e: { target: EventTarget }) => {
          const chosen = at(e.target);
          if (chosen) onPin(chosen);
        },
      }
    : {};
  return (
    <g {...listeners}>
      {marks.map((m) => {
        const props = {
          m,
          round,
          tree,
          isSelected: m.key === selected,
          isTabStop: m.key === tabStop,
          isLive,
        };
        if (isDot(m, { layout, tree }))
          return isPassing && !props.isSelected ? null : <DotMark key={m.key} {...props} />;
        return <Mark key={m.key} {...props} bodyKey={layout.marks.length > CROWDED ? 0 : round.step + 1} />;
      })}
    </g>
  );
});

/** The label of a chosen mark that has none for lack of room. */
function ChosenLabel({
  m,
  tree,
  round,
  x,
  width,
}: {
  m: PlacedMark;
  tree: ScaledTree;
  round: RoundView;
  x: number;
  width: number;
}) {
  const r = radiusOf(m, tree);
  const left = m.x * tree.wide;
  const isAtEdge = x + left + m.reach + 12 > width;
  return (
    <g
      aria-hidden="true"
      transform={`translate(${round2(left)},${round2(m.y * tree.k)})`}
      style={{ pointerEvents: "none" }}
    >
      <Label
        m={m}
        tree={tree}
        at={{ x: isAtEdge ? -r - 6 : r + 6, y: 4.5, anchor: isAtEdge ? "end" : "start" }}
        isBeyond={isBeyondEnd(round, m)}
      />
    </g>
  );
}

function TreeDrawing({
  view,
  step,
  size,
  placement,
  selection = null,
  isPassing = false,
  onHover,
  onPin,
}: DrawingProps) {
  const round = step < 0 ? undefined : roundOf(view, step);
  const layout = useMemo(() => layTree(view, round, size), [view, round, size]);
  const place = placement ?? fitTree(layout, size);
  const tree = useMemo(() => scaleTree(layout, place.k), [layout, place.k]);
  const chosen =
    selection && round ? layout.marks.find((m) => isSame(selectionOf(round, m), selection)) : undefined;
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
      <g data-zoom="" transform={`translate(${round2(place.x)},${round2(place.y)})`}>
        <Trunk layout={layout} placement={place} size={size} radius={tree.pathRadius} />
        <Edges layout={layout} tree={tree} />
        <Dots layout={layout} tree={tree} />
        {round && (
          <Marks
            layout={layout}
            tree={tree}
            round={round}
            selected={chosen?.key ?? null}
            isPassing={isPassing}
            onHover={onHover}
            onPin={onPin}
          />
        )}
        {chosen && round && !tree.labels.has(chosen.key) && (
          <ChosenLabel m={chosen} tree={tree} round={round} x={place.x} width={size.width} />
        )}
      </g>
      {layout.columns.length > 1 && <DepthScale layout={layout} tree={tree} x={place.x} size={size} />}
    </svg>
  );
}

/** What the marks of a moment's tree stand for: the words follow the method and how far the step has come. */
function treeHelp(view: RunView, step: number): string {
  const round = step < 0 ? undefined : roundOf(view, step);
  if (!round) return "The prompt. The first step has not begun.";
  if (round.nodes.length < 2 && round.rule === null && round.phase !== "drafted")
    return "The likeliest next tokens by the model, and the one that was drawn. Edge width and p: how likely the model finds each.";
  const isPoint = round.law === "point";
  const isJudged = round.phase === "verified" || round.phase === "committed";
  const words = [
    isPoint
      ? "The draft names tokens without probabilities: q is 1."
      : `Edge width and q: how likely the draft${view.start?.draft == null ? "" : " model"} found a token.`,
    isJudged ? "p: how likely the target finds it." : "The target has not read the tree yet.",
    isJudged && "Siblings are tested from top to bottom.",
    round.nodes.some((node) => isBeyondEnd(round, { mark: { kind: "node", node } })) &&
      "A dashed bar before a node: accepted, but the text had its asked length before it.",
    isJudged && "Click a node to keep it, and again to force one that was not taken.",
  ];
  return words.filter((w) => w !== false).join(" ");
}

export const treeView: ViewDefinition = {
  id: "tree",
  label: "Tree",
  help: "Edge width and q: how likely the draft model found a token. p: how likely the target finds it. Siblings are tested from top to bottom. Click a node to keep it, and again to force one that was not taken.",
  helpAt: treeHelp,
  isZoomable: true,
  isFor: ["text"],
  Drawing: TreeDrawing,
  fit: (view, step, size, what) => {
    const layout = layTree(view, step < 0 ? undefined : roundOf(view, step), size);
    return {
      placement: what === "path" ? fitPath(layout, size) : fitTree(layout, size),
      // Until every row has room for its numbers, and then twice as large.
      largest: Math.max(3, (2 * ROW) / layout.row),
      columnScale: (k) => columnScale(layout, k),
    };
  },
};
