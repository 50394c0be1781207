/** Branches of runs that fill a canvas: what they begin with. */
import { describe, expect, it } from "vitest";
import { canvasBranch } from "../../src/ui/canvas_branch";
import { Timeline } from "../../src/trace/timeline";
import { sampleTrace } from "../helpers/sample_trace";
import { cachedRun, endedRun, gapsRun, middle } from "./canvas_moments";

const branchOf = (...args: Parameters<typeof canvasBranch>) => {
  const branch = canvasBranch(...args);
  if (!branch || "problem" in branch) throw new Error("no branch");
  return branch;
};

describe("a branch of a canvas", () => {
  const { latest } = cachedRun;
  const step = middle(cachedRun);
  const { cells } = latest.rounds.at(step)!.canvas!;
  const masked = cells.find((c) => c.status === "masked")!.position;
  const committed = cells.find((c) => c.status === "committed")!.position;

  it("is given everything committed by then, and the forced token", () => {
    const { settings, step: left, forced } = branchOf(latest, step, masked, 6);
    expect(left).toBe(step);
    expect(forced).toBe(" cat");
    expect(settings.begin).toEqual({
      step: step + 1,
      tokens: cells.slice(4).map((c) => (c.position === masked ? 6 : c.status === "masked" ? null : c.token)),
      forced: [masked - 4],
    });
    expect(settings).toMatchObject({ method: "dkv-cache", prompt: "Once upon a time", seed: 3 });
  });

  it("masks a position again", () => {
    const { settings } = branchOf(latest, step, committed, null);
    expect(settings.begin!.tokens[committed - 4]).toBeNull();
    expect(settings.begin!.forced).toEqual([]);
    expect(canvasBranch(latest, step, masked, null)).toBeNull();
  });

  it("replaces a committed token", () => {
    const other = (cells[committed]!.token + 1) % 10;
    expect(branchOf(latest, step, committed, other).settings.begin!.tokens[committed - 4]).toBe(other);
  });

  it("goes on from before the first step", () => {
    const { settings } = branchOf(latest, -1, 9, 5);
    expect(settings.begin).toMatchObject({ step: 0, forced: [5] });
    expect(settings.begin!.tokens.filter((t) => t !== null)).toEqual([5]);
  });

  it("keeps what was forced before, and counts steps from the first run", () => {
    const { settings } = branchOf(gapsRun.latest, 1, 4, 6);
    expect(settings.begin!.forced).toEqual([0, 5]);
    expect(settings.begin!.step).toBe(2 + 1 + 1);
    expect(branchOf(gapsRun.latest, 1, 9, null).settings.begin!.forced).toEqual([]);
  });

  it("leaves out what filled up the end", () => {
    const { latest: ended } = endedRun;
    const last = ended.rounds.length - 1;
    const filled = ended.canvas!.cells.filter((c) => c.reason === "end_fill");
    const { settings } = branchOf(ended, last, 4, 2);
    for (const { position } of filled) expect(settings.begin!.tokens[position - 4]).toBeNull();
  });

  it("is none in the prompt, outside, or in runs of other kinds, and says where nothing would be left", () => {
    expect(canvasBranch(latest, step, 2, 5)).toBeNull();
    expect(canvasBranch(latest, step, 99, 5)).toBeNull();
    expect(canvasBranch(new Timeline(sampleTrace(2)).latest, 1, 5, 5)).toBeNull();
    expect(canvasBranch(latest, latest.rounds.length - 1, 9, 5)).toHaveProperty("problem");
  });
});
