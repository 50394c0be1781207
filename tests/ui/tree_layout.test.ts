/** Geometry of the tree drawing. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeTrace } from "../../src/trace/codec";
import { siblingTests } from "../../src/trace/sibling_tests";
import { Timeline } from "../../src/trace/timeline";
import type { RoundView, RunView } from "../../src/trace/view";
import { follow } from "../../src/ui/panels/use_zoom";
import { textWidth } from "../../src/ui/views/text_width";
import { scaleTree } from "../../src/ui/views/tree_labels";
import {
  columnScale,
  fitPath,
  fitTree,
  isOnPath,
  layTree,
  nodeKey,
  type TreeLayout,
} from "../../src/ui/views/tree_layout";
import { neighbourOf } from "../../src/ui/views/tree_keys";
import { wideTree } from "../helpers/wide_tree";
import { stepWhere, timeline } from "./moments";

const step = stepWhere("residual");
const view = timeline.viewAfterStep(step);
const round = view.rounds.at(step)!;
const layouts: readonly [string, TreeLayout][] = [
  ["wide", layTree(view, round, { width: 1400, height: 900 })],
  ["compact", layTree(view, round, { width: 540, height: 900 })],
];

const size = { width: 900, height: 500 };

/** Rounds with trees of recorded runs; "wide" is the tree of 256 nodes that stands in for the largest ones. */
function treesOf(names: readonly string[]): readonly { view: RunView; round: RoundView }[] {
  return names.flatMap((name) => {
    if (name === "wide") return [wideTree(256)];
    const run = new Timeline(decodeTrace(readFileSync(`public/recordings/${name}.jsonl`, "utf8")).events);
    return run.latest.rounds
      .toArray()
      .filter((r) => r.nodes.length > 1)
      .map((r) => ({ view: run.viewAfterStep(r.step), round: r }));
  });
}

describe.each(layouts)("a %s tree", (_, layout) => {
  it("has its anchor at the origin and the trunk left of it", () => {
    expect(layout.marks[0]).toMatchObject({ x: 0, y: 0, parent: null });
    for (const t of layout.trunk) expect(t.x + t.width / 2).toBeLessThan(0);
    expect(layout.trunk.length).toBe(round.base - 1);
  });
  it("puts children right of where their parent's label ends", () => {
    const byKey = new Map(layout.marks.map((m) => [m.key, m]));
    for (const m of layout.marks.slice(1)) {
      const parent = byKey.get(m.parent ?? "")!;
      expect(m.x).toBeGreaterThan(parent.x + parent.reach);
      expect(m.depth).toBe(parent.depth + 1);
    }
  });
  it("keeps siblings in draw order and marks of a level apart", () => {
    for (const depth of layout.columns.keys()) {
      const level = layout.marks.filter((m) => m.depth === depth).sort((a, b) => a.y - b.y);
      for (const [i, m] of level.slice(1).entries()) expect(m.y - level[i]!.y).toBeGreaterThanOrEqual(30);
    }
    for (const node of round.nodes) {
      const ys = node.children.map((id) => layout.marks.find((m) => m.key === `node-${id}`)!.y);
      expect(ys).toEqual([...ys].sort((a, b) => a - b));
    }
  });
});

describe("the fit", () => {
  const sizes = [
    { width: 1100, height: 700 },
    { width: 770, height: 200 },
    { width: 520, height: 220 },
    { width: 358, height: 300 },
  ];
  it.each(sizes)("shows every mark and its label in a frame of %o, of every recorded tree", (size) => {
    for (const { view: shown, round: r } of treesOf([
      "rsd-s",
      "sequoia",
      "token-recycling",
      "eagle-tree",
      "prompt-lookup",
    ])) {
      const layout = layTree(shown, r, size);
      const { x, y, k } = fitTree(layout, size);
      expect(k).toBe(1);
      for (const m of layout.marks) {
        expect(m.x + x).toBeGreaterThanOrEqual(0);
        expect(m.x + m.reach + x, `${r.step} ${m.label}`).toBeLessThanOrEqual(size.width);
        expect(m.y + y).toBeGreaterThanOrEqual(8);
        expect(m.y + y).toBeLessThanOrEqual(size.height - 22);
      }
    }
  });

  it.each(sizes)("leaves the committed path its labels in a frame of %o, none over another", (size) => {
    for (const { view: shown, round: r } of treesOf([
      "sequoia",
      "token-recycling",
      "eagle-tree",
      "prompt-lookup",
      "wide",
    ])) {
      const layout = layTree(shown, r, size);
      const tree = scaleTree(layout, 1);
      for (const m of layout.marks.filter(isOnPath))
        expect(tree.labels.has(m.key), `${r.step} ${m.label}`).toBe(true);
      const boxes = [...tree.labels].map(([key, place]) => {
        const m = layout.marks.find((one) => one.key === key)!;
        const width = textWidth(m.label, tree.fontSize);
        const left = m.x + place.x - (place.anchor === "middle" ? width / 2 : 0);
        return { left, right: left + width, baseline: m.y + place.y };
      });
      for (const [i, a] of boxes.entries())
        for (const b of boxes.slice(i + 1))
          if (a.left < b.right && b.left < a.right)
            expect(Math.abs(a.baseline - b.baseline)).toBeGreaterThan(tree.fontSize * 0.8);
    }
  });

  it("writes more labels the closer one looks, and in the end all with their numbers", () => {
    const { view: shown, round: r } = treesOf(["wide"])[0]!;
    const size = { width: 770, height: 240 };
    const layout = layTree(shown, r, size);
    const counts = [1, 4, 12, 60].map((k) => scaleTree(layout, k).labels.size);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts[0]).toBeLessThan(layout.marks.length / 3);
    expect(counts[3]).toBe(layout.marks.length);
    expect(scaleTree(layout, 1).hasNumbers).toBe(false);
    expect(scaleTree(layout, 60).hasNumbers).toBe(true);
  });

  it("of the path has all of it in the frame, in rows that can be read", () => {
    const { view: shown, round: r } = treesOf(["wide"])[0]!;
    const size = { width: 770, height: 240 };
    const layout = layTree(shown, r, size);
    const { x, y, k } = fitPath(layout, size);
    expect(k).toBeGreaterThan(1);
    for (const m of layout.marks.filter(isOnPath)) {
      expect(m.x * columnScale(layout, k) + m.reach + x).toBeLessThanOrEqual(size.width);
      expect(m.y * k + y).toBeGreaterThan(0);
      expect(m.y * k + y).toBeLessThan(size.height);
    }
  });
});

describe("a zoom by d3", () => {
  const own = { x: 100, y: 50, k: 1 };
  it("keeps what is under the pointer there, with a horizontal scale of its own", () => {
    const scale = (k: number): number => Math.min(k, 1.5);
    // d3 zooms by 4 around (300, 80).
    const next = follow({ d3: own, own }, { k: 4, x: 300 - 4 * 200, y: 80 - 4 * 30 }, scale);
    const under = (300 - own.x) / scale(1);
    expect(next.x + under * scale(4)).toBeCloseTo(300);
    expect(next).toMatchObject({ k: 4, y: 80 - 4 * 30 });
    // And then moves by (7, 9).
    const moved = follow({ d3: { k: 4, x: -500, y: -40 }, own: next }, { k: 4, x: -493, y: -31 }, scale);
    expect(moved.x - next.x).toBeCloseTo(7);
  });
});

describe("independent paths of the recorded SpecTr run", () => {
  const recorded = new Timeline(decodeTrace(readFileSync("public/recordings/spectr.jsonl", "utf8")).events);
  const rounds = recorded.latest.rounds.toArray();
  const isTwin = (id: number, r: RoundView): boolean =>
    r.nodes.some((n) => n.id < id && n.parent === r.nodes[id]!.parent && n.token === r.nodes[id]!.token);

  it("has accepted nodes below accepted ones only, an equal later draw among them, and each node once", () => {
    expect(rounds.some((r) => r.path.some((id) => isTwin(id, r)))).toBe(true);
    for (const r of rounds) {
      const { marks } = layTree(recorded.viewAfterStep(r.step), r, size);
      const byKey = new Map(marks.map((m) => [m.key, m]));
      expect(marks).toHaveLength(r.nodes.length + 1);
      expect(byKey.size).toBe(marks.length);
      for (const [i, id] of r.path.slice(1).entries())
        expect(byKey.get(nodeKey(id))?.parent, `step ${r.step}`).toBe(nodeKey(r.path[i]!));
    }
  });

  it("does not say of an accepted draw that all after it were rejected", () => {
    for (const r of rounds) {
      r.path.slice(0, -1).forEach((parent, i) => {
        const { tests } = siblingTests(r, parent)!;
        expect(tests.some((t) => t.child?.id === r.path[i + 1])).toBe(true);
      });
      // What is left of the law is drawn from only where the last node has children.
      expect(r.nodes[r.path.at(-1)!]!.children.length > 0).toBe(r.extra === "residual");
    }
  });
});

describe("arrow keys", () => {
  const go = (from: string, key: string) => neighbourOf(view, round, size, from, key);
  it("lead to the first child and back to the parent", () => {
    const child = go("node-0", "ArrowRight");
    expect(child).not.toBeNull();
    expect(go(child!, "ArrowLeft")).toBe("node-0");
    expect(go("node-0", "ArrowLeft")).toBeNull();
  });
  it("visit every mark of a level from top to bottom", () => {
    const { marks } = layTree(view, round, size);
    const level = marks.filter((m) => m.depth === 2).sort((a, b) => a.y - b.y);
    const visited = [level[0]!.key];
    for (let at = go(visited[0]!, "ArrowDown"); at; at = go(at, "ArrowDown")) visited.push(at);
    expect(visited).toEqual(level.map((m) => m.key));
  });
  it("ignore other keys", () => expect(go("node-0", "Tab")).toBeNull());
});
