/** When a tree pays: the arithmetic, and what the panel says of it. */
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, describe, expect, it } from "vitest";
import { measureWords, PaysReport, TreePays } from "../../src/ui/panels/TreePays";
import { paysOf, timeAt, verdictOf } from "../../src/ui/pays";
import { costsKey, keepCosts, useCosts } from "../../src/ui/stores/costs";
import { timeline } from "./moments";

const TARGET = [
  { rows: 1, ms: 10 },
  { rows: 2, ms: 12 },
  { rows: 4, ms: 16 },
  { rows: 8, ms: 24 },
];
const DRAFT = [
  { rows: 1, ms: 2 },
  { rows: 4, ms: 5 },
];

afterEach(() => useCosts.setState({ known: {}, lastAdapter: null, problem: null, isMeasuring: false }));

it("reads times between and beyond the sizes that were measured", () => {
  expect(timeAt(TARGET, 1)).toBe(10);
  expect(timeAt(TARGET, 3)).toBe(14);
  expect(timeAt(TARGET, 8)).toBe(24);
  expect(timeAt(TARGET, 16)).toBe(40);
  expect(timeAt([], 1)).toBeNull();
  expect(timeAt([{ rows: 1, ms: 3 }], 2)).toBeNull();
});

it("is L / (c(N) + d) in passes of one row", () => {
  const { metrics } = timeline.latest;
  // Rounds of 6 rows, 3 passes of the draft model over 6 rows together, 2 tokens each.
  const m = {
    ...metrics,
    tokens: 20,
    targetForwards: 10,
    targetRows: 60,
    draftForwards: 30,
    draftRows: 60,
  };
  const pays = paysOf(m, TARGET, DRAFT)!;
  expect(pays).toMatchObject({ L: 2, N: 6, c: 2, draftPasses: 3, draftRows: 6 });
  expect(pays.d).toBeCloseTo((3 * 3) / 10);
  expect(pays.gain).toBeCloseTo(2 / 2.9);
  expect(paysOf(m, TARGET, [])).toBeNull();
  expect(paysOf(m, [], DRAFT)).toBeNull();
  const alone = paysOf({ ...m, draftForwards: 0, draftRows: 0 }, TARGET, [])!;
  expect([alone.d, alone.gain]).toEqual([0, 1]);
  expect([0.9, 0.97, 1.04, 1.2].map(verdictOf)).toEqual(["hurts", "even", "even", "helps"]);
});

describe("what the panel says", () => {
  const { metrics, start } = timeline.latest;
  const report = (target: typeof TARGET, here: { adapter: string; isSoftware: boolean }): string =>
    renderToStaticMarkup(
      <PaysReport
        pays={paysOf(metrics, target, [
          { rows: 1, ms: 0.1 },
          { rows: 8, ms: 0.1 },
        ])!}
        target={target}
        plainMs={target[0]!.ms}
        here={here}
      />,
    );
  // Rows for nothing, and every row as dear as the first.
  const flat = [1, 2, 4, 8, 16, 32].map((rows) => ({ rows, ms: 4 }));
  const steep = flat.map(({ rows }) => ({ rows, ms: 4 * rows }));

  it("whether a tree helps, with its numbers, and what device said so", () => {
    const said = report(flat, { adapter: "a GPU", isSoftware: false });
    expect(said).toContain("A tree helps here");
    expect(said).toMatch(/on <span[^>]*>a GPU</);
    expect(said).not.toContain("software adapter");
    // What the two times leave out, and which way that errs.
    expect(said).toMatch(/Choosing drafts, sampling, verifying and reading back are not in it.*gains less/s);
    expect(said).toContain(`${(metrics.tokens / metrics.targetForwards).toFixed(2)} tokens for the price of`);
  });

  it("that it does not, and that a software adapter says little about GPUs", () => {
    const said = report(steep, { adapter: "a CPU", isSoftware: true });
    expect(said).toContain("A tree does not help here");
    expect(said).toContain("This is a software adapter");
  });

  it("of one model where there is one", () => {
    expect(measureWords(1)).not.toMatch(/both|models/);
    expect(measureWords(2)).toMatch(/both models.*the models\.$/);
  });

  it("nothing it does not know", () => {
    const said = renderToStaticMarkup(<TreePays view={timeline.latest} />);
    expect(said).toContain("measuring needs WebGPU");
    expect(said).not.toContain("helps");
    expect(start?.draft).not.toBeNull();
  });
});

it("times are kept by model and device, the newest of them", () => {
  for (let i = 0; i < 30; i++) keepCosts(`model ${i}`, { adapter: "x", isSoftware: false }, TARGET, i);
  const { known, lastAdapter } = useCosts.getState();
  expect(Object.keys(known)).toHaveLength(24);
  expect(known[costsKey("model 29", "x")]?.passes).toEqual(TARGET);
  expect(known[costsKey("model 0", "x")]).toBeUndefined();
  expect(lastAdapter?.adapter).toBe("x");
});
