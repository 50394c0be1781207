/** Words under drawings and in saved pictures: of the method, the view and the moment, and nothing else. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { footerOf } from "../../src/ui/export_footer";
import { wrapText } from "../../src/ui/views/text_width";
import type { Moment } from "../../src/ui/moment";
import { CANVAS_HEAD } from "../../src/ui/views/canvas/heads";
import { helpOf } from "../../src/ui/views/view";
import { treeView } from "../../src/ui/views/tree";
import { cachedRun, middle, raddRun } from "./canvas_moments";
import { after, stepWhere, timeline } from "./moments";

describe("the words under a canvas", () => {
  it("explain caches, masks and earlier commits only where there are some", () => {
    const at = (run: typeof raddRun, step: number): string =>
      helpOf(CANVAS_HEAD, run.viewAfterStep(step), step);
    const last = raddRun.latest.rounds.length - 1;
    expect(at(raddRun, -1)).toContain("masked");
    expect(at(raddRun, -1)).not.toContain("Blue");
    expect(at(raddRun, last)).not.toContain("Italic");
    expect(at(cachedRun, middle(cachedRun))).toContain("Foot of a cell");
  });
});

describe("the words under a tree", () => {
  it("follow the step", () => {
    const step = stepWhere("residual");
    expect(helpOf(treeView, timeline.viewAfterStep(-1), -1)).toContain("has not begun");
    expect(helpOf(treeView, after("draft", step), step)).toContain("has not read the tree yet");
    expect(helpOf(treeView, timeline.viewAfterStep(step), step)).toContain("p: how likely the target");
  });
});

describe("a saved picture", () => {
  const step = stepWhere("residual");
  const moment: Moment = {
    view: timeline.viewAfterStep(step),
    step,
    ended: step,
    total: timeline.latest.rounds.length,
    isNewest: false,
  };
  it("says its legend, its settings and its link, within its width", () => {
    const { content, height } = footerOf(treeView, moment, 420, "https://example.org/#run=abc");
    const svg = renderToStaticMarkup(<svg>{content}</svg>);
    for (const part of [
      "resampled after rejection",
      "accepted draft",
      "seed",
      `step ${step + 1} of`,
      "https://example.org/#run=abc",
    ])
      expect(svg).toContain(part);
    const lowest = Math.max(...[...svg.matchAll(/ y="(\d+)"/g)].map((m) => Number(m[1])));
    expect(lowest).toBeLessThan(height);
  });
  it("breaks its words where they would leave it", () => {
    expect(wrapText("one two three", 50, 11)).toEqual(["one two", "three"]);
  });
});
