/** Drawings of runs that fill a canvas: stored pictures, and what must be true of them. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { checkTrace } from "../../src/trace/grammar";
import type { RunView } from "../../src/trace/view";
import { inlineVariables } from "../../src/ui/svg_file";
import { shownCells } from "../../src/ui/views/canvas/cells";
import { positionAfterKey } from "../../src/ui/views/canvas/keys";
import { canvasStripView } from "../../src/ui/views/canvas/strip";
import { shownView, tabsFor } from "../../src/ui/views/index";
import type { Size, ViewDefinition } from "../../src/ui/views/view";
import {
  cachedRun,
  canvasRuns,
  endedRun,
  gapsRun,
  middle,
  prophetRun,
  raddRun,
  storedRun,
} from "./canvas_moments";

const WIDE: Size = { width: 820, height: 420 };

function draw(
  definition: ViewDefinition,
  view: RunView,
  step: number,
  options: { readonly size?: Size; readonly choice?: string } = {},
): string {
  const { size = WIDE, choice } = options;
  const height = definition.heightAt?.(view, step, size.width) ?? size.height;
  return renderToStaticMarkup(
    <definition.Drawing view={view} step={step} size={{ width: size.width, height }} choice={choice} />,
  );
}
const count = (text: string, part: string): number => text.split(part).length - 1;
/** Stored pictures are read by people: one element a line. */
const lines = (svg: string): string => svg.replaceAll("><", ">\n<") + "\n";
const choicesOf = ({ choice }: ViewDefinition): readonly (string | undefined)[] =>
  choice?.options.map((o) => o.value) ?? [undefined];

it.each(Object.entries({ ...canvasRuns, gapsRun }))("%s is a legal trace", (_, run) => {
  expect(checkTrace(run.events)).toBeNull();
});

const views = [...(await Promise.all(tabsFor("canvas").map((tab) => tab.load()))), canvasStripView];
for (const definition of views) {
  describe(`view ${definition.id} of a canvas`, () => {
    const step = middle(storedRun);
    const view = definition.isWholeRun ? storedRun.latest : storedRun.viewAfterStep(step);

    it.each(choicesOf(definition))("draws the stored picture %s", async (choice) => {
      const svg = draw(definition, view, step, choice === undefined ? {} : { choice });
      const name = ["canvas", definition.id, choice].filter(Boolean).join("-");
      await expect(lines(svg)).toMatchFileSnapshot(`./pictures/${name}.svg`);
    });

    it("draws every moment of every run, at every width, with finite numbers only", () => {
      for (const run of Object.values(canvasRuns))
        for (const width of [320, 1600])
          for (const choice of choicesOf(definition))
            for (let s = -1; s < run.latest.rounds.length; s += 3) {
              const options = { size: { width, height: 300 }, ...(choice !== undefined && { choice }) };
              const svg = draw(definition, run.viewAfterStep(s), s, options);
              expect(svg).toMatch(/^<svg /);
              expect(svg).not.toMatch(/NaN|Infinity|undefined/);
            }
    });

    it("says what it is, and can be a file of its own", () => {
      const svg = draw(definition, view, step);
      expect(svg).toMatch(/^<svg [^>]*aria-label="[^"]+"/);
      expect(definition.help.length).toBeGreaterThan(20);
      expect(inlineVariables(svg, (name) => `<${name}>`)).not.toContain("var(");
      expect(svg).not.toContain("tabindex");
    });
  });
}

describe("cells", () => {
  it("are all masked before the first step and none in the end", () => {
    for (const run of Object.values(canvasRuns)) {
      const before = shownCells(run.viewAfterStep(-1), -1);
      expect(before.filter((c) => c.state === "masked")).toHaveLength(20);
      const { latest } = run;
      const after = shownCells(latest, latest.rounds.length - 1);
      expect(after.filter((c) => c.cell.status === "masked")).toEqual([]);
      expect(after.filter((c) => c.state === "prompt")).toHaveLength(4);
    }
  });

  it("show as committed now exactly what the step committed", () => {
    for (const run of Object.values(canvasRuns))
      for (const round of run.latest.rounds.toArray()) {
        const told = round
          .canvas!.unmasked.filter((e) => e.reason !== "end_fill")
          .flatMap((e) => e.positions)
          .sort((a, b) => a - b);
        const shown = shownCells(run.viewAfterStep(round.step), round.step)
          .filter((c) => c.state === "committed_now")
          .map((c) => c.cell.position);
        expect(shown).toEqual(told);
      }
  });

  it("count the age of what a pass left out", () => {
    const step = middle(cachedRun);
    const { denoise } = cachedRun.latest.rounds.at(step)!.canvas!;
    const fresh = new Set(
      denoise!.computed.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i)),
    );
    expect(fresh.size).toBeLessThan(24);
    for (const { cell, cacheAge } of shownCells(cachedRun.viewAfterStep(step), step))
      expect(cacheAge === 0, String(cell.position)).toBe(fresh.has(cell.position));
  });

  it("know positions behind the end of the text", () => {
    const { latest } = endedRun;
    const cells = shownCells(latest, latest.rounds.length - 1);
    const end = cells.findIndex((c) => c.state !== "prompt" && [4, 10].includes(c.cell.token));
    const filled = cells.filter((c) => c.state === "end_fill");
    expect(filled.length).toBeGreaterThan(0);
    for (const { cell } of filled) {
      expect(cell.position).toBeGreaterThan(end);
      expect(cell.token).toBe(cells[end]!.cell.token);
    }
  });

  it("keep what was said of positions that the pass left out", () => {
    const step = prophetRun.latest.rounds.toArray().find((r) => !r.canvas!.denoise!.refreshed)!.step;
    const shown = shownCells(prophetRun.viewAfterStep(step), step).filter((c) => c.opinion);
    expect(shown.some((c) => c.opinion!.step < step)).toBe(true);
    expect(shown.some((c) => c.opinion!.step === step)).toBe(true);
  });
});

describe("cells between gaps", () => {
  it("are given, forced or open, and the given ones never change", () => {
    const open = shownCells(gapsRun.viewAfterStep(-1), -1).map((c) => c.state);
    expect(open.slice(0, 13)).toEqual([
      ...Array.from({ length: 4 }, () => "prompt"),
      ...["masked", "given", "given", "masked", "masked", "forced", "masked", "given", "masked"],
    ]);
    const { latest } = gapsRun;
    const states = shownCells(latest, latest.rounds.length - 1).map((c) => c.state);
    expect(states.filter((s) => s === "given")).toHaveLength(3);
    expect(states.filter((s) => s === "forced")).toHaveLength(1);
    expect(latest.tokens.length).toBe(0);
    expect(latest.text).toContain(" cat saw");
  });

  it("are drawn, each state once a position", () => {
    const definition = views.find((v) => v.id === "canvas")!;
    const svg = draw(definition, gapsRun.viewAfterStep(3), 3);
    expect(count(svg, 'data-state="given"')).toBe(3);
    expect(count(svg, 'data-state="forced"')).toBe(1);
  });
});

describe("marks on the timeline", () => {
  it("stand at refreshes after steps that left rows out, and at new blocks", () => {
    const kinds = (run: typeof cachedRun): string[] => run.latest.marks.toArray().map((m) => m.kind);
    const steps = cachedRun.latest.marks
      .toArray()
      .filter((m) => m.kind === "cache_refresh")
      .map((m) => m.step);
    expect(steps).toEqual([6, 12, 18]);
    expect(kinds(prophetRun).filter((k) => k === "block").length).toBeGreaterThan(0);
    expect(kinds(prophetRun)).toContain("early_commit");
    expect(kinds(raddRun)).not.toContain("cache_refresh");
  });
});

describe("tabs", () => {
  it("are those of the run's kind", () => {
    expect(tabsFor("canvas").map((v) => v.head.id)).toContain("canvas");
    expect(tabsFor("canvas").map((v) => v.head.id)).not.toContain("tree");
    expect(tabsFor("text").map((v) => v.head.id)).not.toContain("canvas");
    expect(shownView("tree", "canvas").head.id).toBe("canvas");
    expect(shownView("costs", "canvas").head.id).toBe("costs");
    expect(shownView("canvas", "text").head.id).toBe("tree");
  });
});

describe("the grid", () => {
  it("draws each position once, by its state", () => {
    const definition = views.find((v) => v.id === "canvas")!;
    for (const run of Object.values(canvasRuns)) {
      const step = middle(run);
      const view = run.viewAfterStep(step);
      const svg = draw(definition, view, step);
      const cells = shownCells(view, step);
      for (const state of new Set(cells.map((c) => c.state)))
        expect(count(svg, `data-state="${state}"`)).toBe(cells.filter((c) => c.state === state).length);
    }
  });
});

describe("arrow keys on a position", () => {
  const at = { view: cachedRun.latest, step: 5, position: 6 };
  it("go across the text and from step to step", () => {
    expect(positionAfterKey("ArrowRight", { ...at, columns: null })).toMatchObject({ position: 7, step: 5 });
    expect(positionAfterKey("ArrowDown", { ...at, columns: null })).toMatchObject({ position: 6, step: 6 });
    expect(positionAfterKey("ArrowUp", { ...at, columns: null })).toMatchObject({ position: 6, step: 4 });
    expect(positionAfterKey("ArrowDown", { ...at, columns: 10 })).toMatchObject({ position: 16, step: 5 });
  });
  it("stop at the edges", () => {
    expect(positionAfterKey("ArrowLeft", { ...at, position: 0, columns: 10 })).toBeNull();
    expect(positionAfterKey("ArrowDown", { ...at, position: 23, columns: 10 })).toBeNull();
    expect(positionAfterKey("ArrowUp", { ...at, step: 0, columns: null })).toBeNull();
    expect(positionAfterKey("a", { ...at, columns: null })).toBeNull();
  });
});
