/** What the methods promise on the tasks, each with a margin of its own. */
import { cheaper, falls, keeps, type Expectation } from "./expected";
import { AMBIGUOUS, lists, LISTS, SOLVABLE } from "./problems";

const SEVERAL = lists(AMBIGUOUS);
/** Points lost with every doubling: at least so many, or a task can hardly be said to be lost. */
const LOST = 10;

export const claims: readonly Expectation[] = [
  ...[2, 4, 8].map((n) =>
    keeps(
      `Copy, reverse and replace at a place keep what they have, ${n} tokens a step`,
      ...([`confidence-${n}`, "confidence-1"] as const),
      ["copy", "reverse", "replace_index"],
    ),
  ),
  ...(["confidence", "sampled"] as const).flatMap((plan) => [
    falls("Shuffling is lost as more tokens go into a step", plan, ["shuffle"], LOST),
    falls("Latin squares are lost as more tokens go into a step", plan, ["latin"], LOST),
  ]),
  ...["prophet", "prophet-least"].flatMap((prophet) => [
    cheaper(
      "Prophet saves half of the steps of a clear answer",
      "steps",
      [prophet, "confidence-1"],
      SOLVABLE,
      50,
    ),
    keeps("Prophet keeps clear answers right", prophet, "confidence-1", SOLVABLE),
  ]),
  cheaper("dKV Decode computes at most half of the rows", "rows", ["decode-8", "confidence-1"], LISTS, 50),
  ...["decode-8", "pd-2", "prefill"].map((cache) =>
    keeps("dKV-Cache keeps answers right", cache, "confidence-1", LISTS),
  ),
  cheaper("dKV Greedy computes fewer rows than Decode", "rows", ["greedy-2-8", "decode-8"], LISTS),
  keeps("dKV Greedy keeps what its random order has", "greedy-2-8", "random-1", LISTS),
  ...[SOLVABLE, SEVERAL].flatMap((tasks) => [
    cheaper("Guided decoding needs fewer steps", "steps", ["guided-two", "confidence-1"], tasks),
    keeps("Guided decoding keeps answers right", "guided-two", "confidence-1", tasks),
  ]),
];
