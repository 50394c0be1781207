/** Branches: what is forced and what a run then begins with; runs that belong together. */
import { beforeEach, describe, expect, it } from "vitest";
import { branchAt } from "../../src/ui/branch";
import { tracksOf } from "../../src/ui/panels/Branches";
import { appendEvents, beginRun, forgetBranch, showRun, useRun } from "../../src/ui/stores/run";
import { foldEvents } from "../../src/trace/fold";
import { after, stepWhere, timeline } from "./moments";

const view = timeline.latest;
const promptLength = view.start!.promptTokens.length;

/** A branch that can be made, with what it begins with. */
function branch(...args: Parameters<typeof branchAt>) {
  const found = branchAt(...args);
  if (!found || "problem" in found) throw new Error("no branch");
  return { ...found, begin: found.settings.begin! };
}

describe("what a branch begins with", () => {
  const step = stepWhere("residual");
  const round = view.rounds.at(step)!;
  const before = view.tokens.slice(0, round.base - promptLength).map((t) => t.token);

  it("a rejected node: the text before the round, the way to it, and the token, which alone is forced", () => {
    const node = round.nodes.find((n) => n.state === "rejected" && n.depth > 1)!;
    const { begin, settings, forced } = branch(view, { kind: "node", step, node: node.id });
    const way = round.path.slice(1, node.depth).map((id) => round.nodes[id]!.token);
    expect(begin).toEqual({
      step: step + 1,
      tokens: [...before, ...way, node.token],
      forced: [before.length + way.length],
    });
    expect(forced).toBe(node.text);
    const { model, method, seed, prompt, maxNewTokens } = view.start!;
    expect(settings).toMatchObject({ model, method, seed, prompt, maxNewTokens });
  });

  it("a node below a rejected one: all of the way that the text did not take is forced", () => {
    for (const { step: at, nodes, base } of view.rounds.toArray()) {
      const node = nodes.find((n) => n.state === "not_reached" && nodes[n.parent]?.state === "rejected");
      if (!node) continue;
      const { begin } = branch(view, { kind: "node", step: at, node: node.id });
      const end = base - promptLength + node.depth;
      expect(begin.tokens).toHaveLength(end);
      expect(begin.forced.slice(-2)).toEqual([end - 2, end - 1]);
      return;
    }
    throw new Error("the sample has no such node");
  });

  it("nothing for tokens of the text, for anchors, and before the round was judged", () => {
    expect(branchAt(view, null)).toBeNull();
    expect(
      branchAt(view, { kind: "extra", step, position: view.rounds.at(step)!.tokens.at(-1)!.position }),
    ).toBeNull();
    expect(branchAt(view, { kind: "node", step, node: 0 })).toBeNull();
    const kept = round.nodes.find((n) => n.state === "accepted")!;
    expect(branchAt(view, { kind: "node", step, node: kept.id })).toBeNull();
    expect(branchAt(after("draft", step), { kind: "node", step, node: 1 })).toBeNull();
  });

  it("a reason where the run would be over before", () => {
    const node = round.nodes.find((n) => n.state === "rejected")!;
    const short = { ...view, start: { ...view.start!, maxNewTokens: before.length } };
    expect(branchAt(short, { kind: "node", step, node: node.id })).toEqual({
      problem: expect.stringContaining(`beyond the ${before.length} tokens`) as string,
    });
  });

  it("of a branch: steps and forced tokens add up", () => {
    const begin = { step: 7, tokens: [1, 2], forced: [1] };
    const [start, ...rest] = timeline.events;
    if (start?.kind !== "run_start") throw new Error("no start");
    // The same rounds, two given tokens later.
    const nested = foldEvents([{ ...start, begin }, ...rest]);
    const at = nested.rounds.at(step)!;
    const node = at.nodes.find((n) => n.state === "rejected")!;
    const next = branch(nested, { kind: "node", step, node: node.id });
    expect(next.begin.step).toBe(7 + step + 1);
    expect(next.begin.tokens.slice(0, 2)).toEqual([1, 2]);
    expect(next.begin.forced[0]).toBe(1);
    expect(next.begin.forced).toHaveLength(2);
  });
});

describe("runs that belong together", () => {
  beforeEach(() => beginRun({ kind: "recorded" }, timeline.events));

  it("a branch joins them, and each comes back as it was", () => {
    const first = useRun.getState().current;
    const made = beginRun({ kind: "live" }, [], { run: first, step: 4, forced: " cat" });
    appendEvents(timeline.events.slice(0, 30));
    expect(useRun.getState().known.map((k) => k.id)).toEqual([first, made.id]);
    showRun(first);
    expect(useRun.getState()).toMatchObject({ current: first, length: timeline.length });
    // A run that is not on the stage goes on.
    appendEvents(timeline.events.slice(30, 40), made.timeline);
    expect(useRun.getState().length).toBe(timeline.length);
    showRun(made.id);
    expect(useRun.getState().length).toBe(40);
  });

  it("any other run takes their place", () => {
    const first = useRun.getState().current;
    beginRun({ kind: "live" }, [], { run: first, step: 1, forced: "a" });
    const other = beginRun({ kind: "file", name: "x" });
    expect(useRun.getState().known).toEqual([other]);
    expect(beginRun({ kind: "live" }, [], { run: first, step: 1, forced: "a" }).leaves).toBeNull();
  });

  it("a branch is forgotten with what left it, and what it left is shown", () => {
    const first = useRun.getState().current;
    const a = beginRun({ kind: "live" }, [], { run: first, step: 4, forced: "a" });
    const b = beginRun({ kind: "live" }, [], { run: a.id, step: 1, forced: "b" });
    const c = beginRun({ kind: "live" }, [], { run: first, step: 2, forced: "c" });
    expect(
      tracksOf(useRun.getState().known).map(({ run, nesting, start }) => [run.id, nesting, start]),
    ).toEqual([
      [first, 0, 0],
      [a.id, 1, 4],
      [b.id, 2, 5],
      [c.id, 1, 2],
    ]);
    showRun(b.id);
    forgetBranch(a.id);
    expect(useRun.getState().known.map((k) => k.id)).toEqual([first, c.id]);
    expect(useRun.getState().current).toBe(first);
    forgetBranch(first);
    expect(useRun.getState().known).toHaveLength(2);
  });

  it("no more than sixteen are kept, the first and the newest among them", () => {
    const first = useRun.getState().current;
    let last = first;
    for (let i = 0; i < 30; i++)
      last = beginRun({ kind: "live" }, [], { run: first, step: i, forced: "x" }).id;
    const ids = useRun.getState().known.map((k) => k.id);
    expect(ids).toHaveLength(16);
    expect([ids[0], ids.at(-1)]).toEqual([first, last]);
  });
});
