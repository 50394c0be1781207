/**
 * Orderings that a model of lists with full attention and one with an isolated prompt have shown before; a trained model is
 * right if it shows them, too. Their order counts, not their digits.
 */
import { cheaper, isolated, keeps, more, same, type Expectation } from "./expected";
import { AMBIGUOUS, lists, LISTS, SOLVABLE } from "./problems";

const SEVERAL = lists(AMBIGUOUS);
const higher = "A higher threshold keeps more";
const lower = "A lower threshold needs fewer passes";
const between = "The factor stands between thresholds";

export const orderings: readonly Expectation[] = [
  keeps("One right answer: all at once is as good as one by one", "confidence-8", "confidence-1", SOLVABLE),
  ...(["shuffle", "replace_random", "insert_random", "latin"] as const).map((task) =>
    more("Several right answers: two at once lose what one by one has", "confidence-1", "confidence-2", [
      task,
    ]),
  ),
  more("The surest two lose more than a random two", "random-2", "confidence-2", SEVERAL),
  more(
    "All at once, leaving out is the last to fail",
    ...(["confidence-8", "confidence-8"] as const),
    ["remove_random"],
    ["insert_random"],
  ),
  more(
    "Sampling all at once is right by luck where the most probable tokens are not",
    ...(["sampled-8", "confidence-8"] as const),
    ["replace_random"],
  ),
  more("And errs where these are right", "confidence-8", "sampled-8", ["remove_random"]),
  more(higher, "threshold-0.9", "threshold-0.7", SEVERAL),
  more(higher, "threshold-0.7", "threshold-0.5", SEVERAL),
  cheaper(lower, "passes", ["threshold-0.5", "threshold-0.7"], LISTS),
  cheaper(lower, "passes", ["threshold-0.7", "threshold-0.9"], LISTS),
  keeps(between, "threshold-0.9", "factor-1", SEVERAL),
  more(between, "factor-1", "threshold-0.5", SEVERAL),
  keeps("An entropy bound keeps what a threshold keeps", "entropy-0.1", "threshold-0.9", SEVERAL),
  more("Prophet by the smallest gap keeps more than by the mean", "prophet-least", "prophet", SEVERAL),
  more("Ascending steps lose shuffles", "confidence-1", "ass", ["shuffle"]),
  ...[
    keeps("A delayed cache loses nothing, even never refreshed", "decode-never", "confidence-1", LISTS),
    ...(["shuffle", "replace_random", "insert_random"] as const).map((task) =>
      more("Without the delay it fails", "decode-never", "no-delay", [task]),
    ),
    cheaper("The delayed cache computes fewer rows", "rows", ["decode-never", "confidence-1"], LISTS),
    cheaper("Without delay fewer still", "rows", ["no-delay", "decode-never"], LISTS),
    same("A stored prompt is exact", "prefill", "confidence-1", LISTS),
    ...["prefix", "dual"].map((cache) =>
      keeps(
        `Blocks with a ${cache} cache keep what they have without one`,
        ...([`blocks-${cache}`, "blocks"] as const),
        SEVERAL,
      ),
    ),
    cheaper(
      "A dual cache computes fewer rows than a prefix cache",
      "rows",
      ["blocks-dual", "blocks-prefix"],
      LISTS,
    ),
  ].map(isolated),
];
