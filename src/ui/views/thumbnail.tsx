/** A round in the size of a stamp, its tree or its canvas: one path for each verdict, so that hundreds of them stay cheap. */
import { memo } from "react";
import type { TokenOrigin } from "../../trace/events";
import { drawnChildren, tokensOfRound, type RoundView, type RunView } from "../../trace/view";
import { plural } from "../format";
import { CanvasStamp } from "./canvas/stamp";
import { DepthStamp } from "./depth/stamp";
import { SIGN_COLOUR, type Sign } from "./glyphs";
import { extraOf } from "./tree_layout";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Rows of the stamp: leaves from top to bottom in draw order, parents in the middle of their children. */
function layStamp(
  round: RoundView,
  width: number,
  height: number,
): { points: Map<number, Point>; extra: Point | null } {
  const points = new Map<number, Point>();
  const end = round.path.at(-1);
  const extra = extraOf(round);
  let rows = 0;
  let extraRow: number | null = null;
  const place = (id: number): number => {
    const node = round.nodes[id];
    if (!node) return 0;
    const ys = drawnChildren(round, node).map(place);
    if (extra && id === end) {
      extraRow = rows++;
      ys.push(extraRow);
    }
    const y = ys.length > 0 ? (ys[0]! + ys.at(-1)!) / 2 : rows++;
    points.set(id, { x: node.depth, y });
    return y;
  };
  if (round.nodes.length > 0) place(0);
  else {
    points.set(0, { x: 0, y: 0 });
    if (extra) extraRow = 0;
    rows = 1;
  }
  const levels = Math.max(
    1,
    round.depth + (extra && (round.nodes[end ?? 0]?.depth ?? 0) === round.depth ? 1 : 0),
  );
  const sx = (x: number): number => 5 + (x / levels) * (width - 11);
  const sy = (y: number): number => (rows < 2 ? height / 2 : 5 + (y / (rows - 1)) * (height - 10));
  const scaled = new Map([...points].map(([id, p]) => [id, { x: sx(p.x), y: sy(p.y) }]));
  const extraDepth = (round.nodes[end ?? 0]?.depth ?? 0) + 1;
  return { points: scaled, extra: extraRow === null ? null : { x: sx(extraDepth), y: sy(extraRow) } };
}

const f = (v: number): string => v.toFixed(1);
const dot = ({ x, y }: Point, r: number): string =>
  `M${f(x - r)},${f(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;

/** Shapes of the signs around a point, as in glyphs.tsx but small. */
const EXTRA_SHAPE: Readonly<Record<TokenOrigin, string>> = {
  residual: "m0,-2.9l2.9,2.9l-2.9,2.9l-2.9,-2.9Z",
  bonus: "m-2.2,-2.6l5,2.6l-5,2.6Z",
  target: "m-2.1,-2.1h4.2v4.2h-4.2Z",
  accepted: "m-2,0a2,2 0 1,0 4,0a2,2 0 1,0 -4,0",
};

interface StampProps {
  readonly round: RoundView;
  readonly width: number;
  readonly height: number;
}

/** Content of a stamp, to be put into an svg: the round's tree, what it left of the canvas, or how deep it went. */
export const Stamp = memo(function Stamp(props: StampProps) {
  const { canvas, recursion } = props.round;
  if (canvas) return <CanvasStamp {...props} />;
  return recursion ? <DepthStamp {...props} recursion={recursion} /> : <TreeStamp {...props} />;
});

function TreeStamp({ round, width, height }: StampProps) {
  const { points, extra } = layStamp(round, width, height);
  const lines = new Map<Sign, string>();
  const dots = new Map<Sign, string>();
  const add = (map: Map<Sign, string>, sign: Sign, d: string) => map.set(sign, (map.get(sign) ?? "") + d);
  for (const node of round.nodes) {
    const at = points.get(node.id);
    if (!at) continue;
    add(dots, node.state, dot(at, node.state === "not_reached" ? 1.2 : 2));
    for (const id of drawnChildren(round, node)) {
      const to = points.get(id);
      if (to) add(lines, round.nodes[id]!.state, `M${f(at.x)},${f(at.y)}L${f(to.x)},${f(to.y)}`);
    }
  }
  const anchor = points.get(0);
  if (round.nodes.length === 0 && anchor) add(dots, "anchor", dot(anchor, 2));
  const last = extraOf(round);
  const end = points.get(round.path.at(-1) ?? 0);
  if (extra && last && end) {
    add(lines, last.origin, `M${f(end.x)},${f(end.y)}L${f(extra.x)},${f(extra.y)}`);
    add(dots, last.origin, `M${f(extra.x)},${f(extra.y)}${EXTRA_SHAPE[last.origin]}`);
  }
  return (
    <>
      {[...lines].map(([sign, d]) => (
        <path
          key={sign}
          d={d}
          fill="none"
          stroke={SIGN_COLOUR[sign]}
          strokeWidth={sign === "not_reached" ? 0.8 : 1.5}
          strokeOpacity={sign === "not_reached" ? 0.5 : 1}
          strokeDasharray={sign === "residual" ? "2.5 1.8" : undefined}
        />
      ))}
      {[...dots].map(([sign, d]) => (
        <path
          key={sign}
          d={d}
          fill={sign === "rejected" || sign === "drafted" ? "var(--paper)" : SIGN_COLOUR[sign]}
          stroke={SIGN_COLOUR[sign]}
          strokeWidth={sign === "rejected" || sign === "drafted" ? 1.2 : 0}
        />
      ))}
    </>
  );
}

/** One sentence about a round: what a stamp shows. */
export function describeRound(round: RoundView): string {
  const rejected = round.nodes.filter((n) => n.state === "rejected").length;
  const drafted = Math.max(0, round.nodes.length - 1);
  const parts = [`Step ${round.step + 1}`, plural(tokensOfRound(round), "token")];
  const depth = round.recursion?.depths.at(-1)?.depth;
  if (depth !== undefined) parts.push(plural(depth, "recurrence"));
  if (drafted > 0) parts.push(`${drafted} drafted`, `${rejected} rejected`);
  if (round.canvas) {
    const { cells, denoise, remasked } = round.canvas;
    const back = remasked.reduce((sum, e) => sum + e.positions.length, 0);
    parts.push(`${cells.filter((c) => c.status === "masked").length} still masked`);
    if (back > 0) parts.push(`${back} masked again`);
    if (denoise?.reused) parts.push("no pass");
  }
  return parts.join(", ");
}

/** Text a round committed; of a canvas, with a sign where other positions lie between. */
export function textOfRound(round: RoundView): string {
  if (!round.canvas) return round.tokens.map((t) => t.text).join("");
  const positions = round.canvas.unmasked
    .filter((e) => e.reason !== "end_fill")
    .flatMap((e) => e.positions)
    .sort((a, b) => a - b);
  const { cells } = round.canvas;
  return positions
    .map((p, i) => `${i > 0 && positions[i - 1] !== p - 1 ? " \u2026" : ""}${cells[p]?.piece ?? ""}`)
    .join("");
}

/** All rounds of a view up to a step, oldest first. */
export const roundsUpTo = (view: RunView, step: number): readonly RoundView[] =>
  view.rounds.slice(0, step + 1);
