/** Drafts that were accepted where the text had ended already: they are marked, and the inspector says so. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Timeline } from "../../src/trace/timeline";
import { inspect } from "../../src/ui/inspect";
import { AcceptanceTest } from "../../src/ui/panels/AcceptanceTest";
import { boundOf } from "../../src/ui/panels/bound";
import { treeView } from "../../src/ui/views/tree";
import { isBeyondEnd } from "../../src/ui/views/tree_words";
import { timeline } from "./moments";

/** A round that accepted two drafts or more, as it is and as an asked length of one token less would cut it. */
const step = timeline.latest.rounds.toArray().find((r) => r.path.length > 2)!.step;
const whole = timeline.viewAfterStep(step);
const committed = timeline.events.findIndex((e) => e.kind === "commit" && e.step === step);
const cut = new Timeline(
  timeline.events.slice(0, committed + 1).map((e, i) => {
    if (i !== committed || e.kind !== "commit") return e;
    const first = <T,>(list: readonly T[]): T[] => list.slice(0, 1);
    return {
      ...e,
      positions: first(e.positions),
      tokens: first(e.tokens),
      origins: first(e.origins),
      logprobs: first(e.logprobs),
      nodes: first(e.nodes),
    };
  }),
).latest;
const roundOf = (view: typeof cut) => view.rounds.at(step)!;
const accepted = roundOf(whole).path.slice(1);
const MARK = 'stroke-dasharray="3 2.5"';

describe("a draft beyond the end", () => {
  it("is an accepted one below the last token, and no other", () => {
    const beyond = (view: typeof cut): number[] =>
      roundOf(view).nodes.flatMap((node) =>
        isBeyondEnd(roundOf(view), { mark: { kind: "node", node } }) ? [node.id] : [],
      );
    expect(beyond(whole)).toEqual([]);
    expect(beyond(cut)).toEqual(accepted.slice(1));
  });

  it("has a mark and words in the drawing", () => {
    const draw = (view: typeof cut): string =>
      renderToStaticMarkup(<treeView.Drawing view={view} step={step} size={{ width: 820, height: 420 }} />);
    const count = (svg: string, part: string): number => svg.split(part).length - 1;
    expect(count(draw(whole), "beyond the end of the text")).toBe(0);
    expect(count(draw(cut), "accepted draft beyond the end of the text")).toBe(accepted.length - 1);
    expect(count(draw(cut), MARK) - count(draw(whole), MARK)).toBe(accepted.length - 1);
  });

  it("is explained by the inspector", () => {
    const said = (view: typeof cut, node: number): string =>
      renderToStaticMarkup(
        <AcceptanceTest view={view} inspected={inspect(view, step, { kind: "node", step, node })!} />,
      );
    expect(said(cut, accepted[1]!)).toContain("Accepted, but the text ended before it");
    expect(said(cut, accepted[0]!)).not.toContain("the text ended before it");
    expect(said(whole, accepted[1]!)).not.toContain("the text ended before it");
  });
});

describe("the inspector of a draft", () => {
  it("draws the test before it lists the numbers", () => {
    const said = renderToStaticMarkup(
      <AcceptanceTest
        view={whole}
        inspected={inspect(whole, step, { kind: "node", step, node: accepted[0]! })!}
      />,
    );
    expect(said.indexOf("test-pictures")).toBeGreaterThan(0);
    expect(said.indexOf("test-pictures")).toBeLessThan(said.indexOf("test-accept"));
  });

  it("has one set of symbols: d only where siblings were drawn before, r only where they were refused", () => {
    expect(boundOf("recursive_rejection", 0, false)).toBe("min(1, p / q)");
    expect(boundOf("recursive_rejection", 2, true)).toBe("min(1, r / d)");
    expect(boundOf("multi_round", 2, true)).toBe("min(1, r / q)");
    expect(boundOf("k_seq", 0, false)).toBe("min(1, r / q)");
  });
});
