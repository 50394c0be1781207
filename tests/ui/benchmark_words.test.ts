/** What the place of benchmarks says: names in place of ids, and names of curves that do not touch. */
import { expect, it } from "vitest";
import { spreadEnds } from "../../src/ui/benchmarks/draw";
import { withNames } from "../../src/ui/benchmarks/names";

it("ids of methods and models become names, paths and commands stay", () => {
  expect(withNames("after stories (story-target, drafted by story-draft)")).not.toMatch(
    /story-(target|draft)/,
  );
  expect(withNames("rsd-s beside fast-dllm")).toBe("RSD-S beside Fast-dLLM");
  expect(withNames("npm run bench:denoise writes models/story-target/card.md")).toBe(
    "npm run bench:denoise writes models/story-target/card.md",
  );
});

it("names of curves stand apart", () => {
  const ys = spreadEnds(
    [
      { label: "a", y: 10 },
      { label: "b", y: 9.5 },
      { label: "c", y: 60 },
    ],
    2.7,
  ).map(({ y }) => y);
  expect(ys[0]).toBe(9.5);
  for (let i = 1; i < ys.length; i++) expect((ys[i]! - ys[i - 1]!) * 2.7).toBeGreaterThan(13);
});
