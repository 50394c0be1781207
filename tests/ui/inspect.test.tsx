/** What the inspector says: both laws, the acceptance test with its numbers, where extra tokens came from. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { candidatesOf } from "../../src/trace/view";
import { inspect, median, tokensPerSecond } from "../../src/ui/inspect";
import { AcceptanceTest } from "../../src/ui/panels/AcceptanceTest";
import { Laws } from "../../src/ui/panels/Laws";
import { whyOf } from "../../src/ui/panels/why";
import { announce } from "../../src/ui/panels/LiveRegion";
import { probability } from "../../src/ui/format";
import { after, stepWhere, timeline } from "./moments";

const step = stepWhere("residual");
const view = timeline.viewAfterStep(step);
const round = view.rounds.at(step)!;
const node = (state: "accepted" | "rejected" | "not_reached") => round.nodes.find((n) => n.state === state)!;
const of = (id: number) => inspect(view, step, { kind: "node", step, node: id })!;

describe("a chosen node", () => {
  it("is shown in the laws that stand before it, among the ten best of both models", () => {
    const chosen = node("accepted");
    const { rows, lawNode, after: context } = of(chosen.id);
    expect(lawNode).toBe(chosen.parent);
    const target = candidatesOf(round, "target", chosen.parent)!;
    expect(rows.slice(0, 10).map((r) => r.token)).toEqual(target.top.map((c) => c.token));
    for (const r of rows) expect(r.target === null && r.draft === null).toBe(false);
    expect(rows.find((r) => r.isChosen)?.token).toBe(chosen.token);
    expect(context.length).toBeGreaterThan(0);
    const html = renderToStaticMarkup(<Laws inspected={of(chosen.id)} />);
    expect(html.match(/<tr/g)).toHaveLength(rows.length + 1);
  });
  it.each(["accepted", "rejected"] as const)("shows the numbers of its test: %s", (state) => {
    const { verdict, id } = node(state);
    const html = renderToStaticMarkup(<AcceptanceTest view={view} inspected={of(id)} />);
    for (const number of [
      probability(Math.exp(verdict!.logp)),
      probability(verdict!.acceptProb),
      verdict!.u!.toFixed(3),
    ])
      expect(html).toContain(`>${number}<`.replace("<0", "&lt;0"));
    expect(html).toContain(state === "accepted" ? "accepted draft" : "rejected");
  });
  it("the outcome stands in one sentence, by rule", () => {
    const tested = {
      id: 1,
      logp: 0,
      r: 0.006,
      d: 0.21,
      acceptProb: 0.03,
      u: 0.345,
      outcome: "rejected",
    } as const;
    expect(whyOf("recursive_rejection", tested, 0)).toBe(
      "Rejected: the draft gave it 0.21, the target only 0.006. So it could stay with a chance of 0.030, and the draw of 0.345 was not below that.",
    );
    expect(whyOf("recursive_rejection", tested, 2)).toContain("what the rejected siblings left");
    const lucky = { ...tested, u: 0.02, outcome: "accepted" } as const;
    expect(whyOf("multi_round", lucky, 0)).toMatch(/^Accepted: .* was below that\.$/);
    expect(whyOf("multi_round", { ...lucky, r: 0.3, acceptProb: 1 }, 0)).toContain("whatever is drawn");
    expect(whyOf("k_seq", tested, 0)).toMatch(/^Rejected: such a draft stays with a chance of 0\.030/);
    expect(whyOf("greedy", { ...tested, u: null }, 0)).toContain("not the token that the target finds");
    expect(whyOf("sample_and_match", { ...tested, u: null }, 0)).toContain("is another");
    expect(whyOf("recursive_rejection", { ...tested, outcome: "not_reached" }, 0)).toBeNull();
  });
  it("says why it was not reached", () => {
    expect(
      renderToStaticMarkup(<AcceptanceTest view={view} inspected={of(node("not_reached").id)} />),
    ).toContain("Never tested");
  });
  it("has no verdict before verification", () => {
    const early = inspect(after("draft", step), step, { kind: "node", step, node: 1 })!;
    expect(renderToStaticMarkup(<AcceptanceTest view={view} inspected={early} />)).toContain(
      "has not seen this tree yet",
    );
  });
});

describe("without a choice", () => {
  it("the newest token is explained", () => {
    const shown = inspect(view, step, null)!;
    expect(shown.extra?.token).toBe(round.tokens.at(-1)?.token);
    expect(renderToStaticMarkup(<AcceptanceTest view={view} inspected={shown} />)).toContain("rejected");
  });
  it("there is nothing before the first round", () =>
    expect(inspect(timeline.viewAfterStep(-1), -1, null)).toBeNull());
});

describe("numbers", () => {
  it("medians", () => {
    expect(median([])).toBeNull();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
  it("tokens a second leave out the first round, whose beginning is not known", () => {
    const first = timeline.latest.rounds.at(0)!;
    const last = timeline.latest.rounds.at(-1)!;
    const tokens = timeline.latest.metrics.tokens - first.tokens.length;
    expect(tokensPerSecond(timeline.latest)).toBeCloseTo((1000 * tokens) / (last.endMs - first.endMs));
    expect(tokensPerSecond(timeline.viewAfterStep(-1))).toBeNull();
  });
});

it("screen readers hear drafts, verdicts and commits", () => {
  const hear = (kind: "draft" | "verify" | "commit") => announce(after(kind, step).rounds.at(-1)!);
  expect(hear("draft")).toMatch(/^Step \d+: 15 tokens drafted\.$/);
  expect(hear("verify")).toMatch(/\d accepted, \d rejected/);
  expect(hear("commit")).toMatch(/committed \u201c.+\u201d/);
});
