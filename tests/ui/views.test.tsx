/** Every drawing from the sample run: stored pictures, and what must be true of them. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { RunView } from "../../src/trace/view";
import { duration } from "../../src/ui/format";
import { inlineVariables } from "../../src/ui/svg_file";
import { slotsView } from "../../src/ui/views/slots";
import { tabsFor } from "../../src/ui/views/index";
import { treeView } from "../../src/ui/views/tree";
import type { Size, ViewDefinition } from "../../src/ui/views/view";
import { after, stepWhere, timeline } from "./moments";

const WIDE: Size = { width: 820, height: 420 };

function draw(definition: ViewDefinition, view: RunView, step: number, size: Size = WIDE): string {
  const height = definition.heightAt?.(view, step, size.width) ?? size.height;
  return renderToStaticMarkup(
    <definition.Drawing view={view} step={step} size={{ width: size.width, height }} />,
  );
}
const count = (text: string, part: string): number => text.split(part).length - 1;
/** Stored pictures are read by people: one element a line. */
const lines = (svg: string): string => svg.replaceAll("><", ">\n<") + "\n";

const residual = stepWhere("residual");
const atResidual = timeline.viewAfterStep(residual);

it("times of steps add up to the time since the prompt was read, the first step's with them", async () => {
  const definition = await tabsFor("text")
    .find((tab) => tab.head.id === "costs")!
    .load();
  const { latest } = timeline;
  const last = latest.rounds.length - 1;
  const read = timeline.events.find((e) => e.kind === "prefill")!.ms;
  const first = latest.rounds.at(0)!;
  expect(first.endMs - read).toBeGreaterThan(first.endMs - first.startMs);
  const svg = draw(definition, latest, last);
  expect(svg).toContain(`aria-label="Step 1: ${duration(first.endMs - read)}"`);
  const numbers = [...svg.matchAll(/y="140">(\d+)</g)].map(([, n]) => Number(n));
  expect(numbers.length).toBeGreaterThan(1);
  for (const n of numbers) expect(n >= 1 && n <= last + 1).toBe(true);
});

// Drawings of runs that fill a canvas have tests of their own.
const views = await Promise.all(tabsFor("text").map((tab) => tab.load()));
for (const definition of [...views, slotsView]) {
  describe(`view ${definition.id}`, () => {
    it("draws the stored picture", async () => {
      const svg = draw(definition, atResidual, residual);
      await expect(lines(svg)).toMatchFileSnapshot(`./pictures/${definition.id}.svg`);
    });

    it("draws every moment from the prompt to the end, at every width, with finite numbers only", () => {
      for (const width of [320, 820, 1600]) {
        for (let step = -1; step < timeline.latest.rounds.length; step++) {
          const svg = draw(definition, timeline.viewAfterStep(step), step, { width, height: 300 });
          expect(svg).toMatch(/^<svg /);
          expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        }
      }
    });

    it("says what it is", () => {
      expect(draw(definition, atResidual, residual)).toMatch(/^<svg [^>]*aria-label="[^"]+"/);
      expect(definition.help.length).toBeGreaterThan(20);
    });

    it("uses no colour that a file could not do without the page", () => {
      const names = new Set(
        [...draw(definition, atResidual, residual).matchAll(/var\((--[\w-]+)\)/g)].map((m) => m[1]),
      );
      const written = inlineVariables(draw(definition, atResidual, residual), (name) => `<${name}>`);
      expect(written).not.toContain("var(");
      for (const name of names) expect(written).toContain(`<${name ?? ""}>`);
    });
  });
}

describe("the tree", () => {
  const round = atResidual.rounds.at(residual);
  const svg = draw(treeView, atResidual, residual);

  it("has a mark for every node and one for the token after the path", () => {
    expect(count(svg, 'data-testid="tree-node"')).toBe((round?.nodes.length ?? 0) + 1);
  });
  it("marks each verdict", () => {
    for (const state of ["accepted", "rejected", "not_reached"] as const)
      expect(count(svg, `data-state="${state}"`)).toBe(round?.nodes.filter((n) => n.state === state).length);
    expect(count(svg, 'data-state="residual"')).toBe(1);
  });
  it("shows no verdict before verification", () => {
    const drafted = draw(treeView, after("draft", residual), residual);
    expect(drafted).not.toMatch(/data-state="(accepted|rejected|not_reached|residual)"/);
    expect(drafted).not.toContain("\u2192");
  });
  it("writes both probabilities beside each judged node", () => {
    const node = round?.nodes[1];
    const p = Math.exp(node?.verdict?.logp ?? NaN)
      .toFixed(2)
      .slice(1);
    expect(svg).toContain(`\u2192 p ${p}`);
  });
  it("draws an edge to every mark but the anchor", () => {
    const edges = svg.match(/<path d="M[^"]*C[^"]*" fill="none"/g)?.length ?? 0;
    expect(edges).toBe(round?.nodes.length);
  });
  it("leaves labels out when it is too small to read them", () => {
    const small = renderToStaticMarkup(
      <treeView.Drawing view={atResidual} step={residual} size={WIDE} placement={{ x: 0, y: 0, k: 0.2 }} />,
    );
    expect(small).not.toContain("\u2192");
    expect(small.length).toBeLessThan(svg.length);
  });
  it("is a still without handlers and can be used with the keyboard with them", () => {
    expect(svg).not.toContain("tabindex");
    const live = renderToStaticMarkup(
      <treeView.Drawing
        view={atResidual}
        step={residual}
        size={WIDE}
        onHover={() => undefined}
        onPin={() => undefined}
      />,
    );
    expect(count(live, 'tabindex="0"')).toBe(1);
    expect(count(live, 'role="button"')).toBe((round?.nodes.length ?? 0) + 1);
  });
});
