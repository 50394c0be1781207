/** Geometry of the tree drawing. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeTrace } from "../../src/trace/codec";
import { siblingTests } from "../../src/trace/sibling_tests";
import { Timeline } from "../../src/trace/timeline";
import type { RoundView } from "../../src/trace/view";
import { fitTree, layTree, nodeKey, type TreeLayout } from "../../src/ui/views/tree_layout";
import { neighbourOf } from "../../src/ui/views/tree_keys";
import { stepWhere, timeline } from "./moments";

const step = stepWhere("residual");
const view = timeline.viewAfterStep(step);
const round = view.rounds.at(step)!;
const layouts: readonly [string, TreeLayout][] = [
  ["wide", layTree(view, round, false)],
  ["compact", layTree(view, round, true)],
];

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
  it("fits into a frame that is large enough, and never becomes smaller than a fifth", () => {
    const { bounds } = layout;
    const size = { width: 1100, height: 700 };
    const { x, y, k } = fitTree(layout, size);
    expect(bounds.left * k + x).toBeGreaterThanOrEqual(0);
    expect(bounds.right * k + x).toBeLessThanOrEqual(size.width);
    expect(bounds.top * k + y).toBeGreaterThanOrEqual(0);
    expect(bounds.bottom * k + y).toBeLessThanOrEqual(size.height);
    expect(fitTree(layout, { width: 200, height: 100 }).k).toBeGreaterThanOrEqual(0.2);
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
      const { marks } = layTree(recorded.viewAfterStep(r.step), r, false);
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
  const size = { width: 900, height: 500 };
  const go = (from: string, key: string) => neighbourOf(view, round, size, from, key);
  it("lead to the first child and back to the parent", () => {
    const child = go("node-0", "ArrowRight");
    expect(child).not.toBeNull();
    expect(go(child!, "ArrowLeft")).toBe("node-0");
    expect(go("node-0", "ArrowLeft")).toBeNull();
  });
  it("visit every mark of a level from top to bottom", () => {
    const { marks } = layTree(view, round, false);
    const level = marks.filter((m) => m.depth === 2).sort((a, b) => a.y - b.y);
    const visited = [level[0]!.key];
    for (let at = go(visited[0]!, "ArrowDown"); at; at = go(at, "ArrowDown")) visited.push(at);
    expect(visited).toEqual(level.map((m) => m.key));
  });
  it("ignore other keys", () => expect(go("node-0", "Tab")).toBeNull());
});
