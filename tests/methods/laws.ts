/** Exact laws of one round over every draft and every verdict, for random models of four tokens. */
import { pcg4d, toUniform } from "../../src/base/rng";
import type { SamplerSettings } from "../../src/trace/events";
import { enumerate } from "../reference/choice";
import { processLogits } from "../reference/process_logits";
import { walk, type Drafting, type LawOf, type NodeRule } from "../reference/speculation";
import { tally } from "./statistics";

export const V = 4;
export const TOKENS = [0, 1, 2, 3];
export interface Models {
  readonly p: LawOf;
  readonly q: LawOf;
}
export const plain: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/** Random laws by context: normalised exponentials, Dirichlet(1); `zeros` of each law's entries are 0. */
export function randomLaw(seed: number, zeros: number): LawOf {
  const cache = new Map<string, readonly number[]>();
  return (context) => {
    const key = context.join();
    const known = cache.get(key);
    if (known) return known;
    const h = context.reduce((a, x, i) => pcg4d(a, x, i, 7)[0], seed);
    const weights = TOKENS.map((x) => -Math.log(toUniform(pcg4d(h, x, 1, seed)[0])));
    const gone = pcg4d(h, 0, 2, seed)[0];
    for (let i = 0; i < zeros; i++) weights[(gone + i) % V] = 0;
    const sum = weights.reduce((a, b) => a + b);
    const law = weights.map((w) => w / sum);
    cache.set(key, law);
    return law;
  };
}

/** A law after sampling settings, as both models get them. */
export function sampled(law: LawOf, settings: Partial<SamplerSettings>): LawOf {
  const sampler = { ...plain, ...settings };
  return (context) =>
    Array.from(
      processLogits(
        law(context).map((v) => Math.max(-1e30, Math.log(v))),
        sampler,
        { role: "target", text: [] },
      ),
      Math.exp,
    );
}

/** Largest error of the law of the first `depth` + 1 tokens when a round is followed by plain sampling. */
export function lawError(
  models: Models,
  depth: number,
  round: (choose: Parameters<Drafting>[2]) => number[],
): number {
  const emitted = new Map<string, number>();
  enumerate(round, (tokens, prob) => tally(emitted, tokens.join(), prob));
  const law = new Map<string, number>();
  const exact = new Map<string, number>();
  const complete = (into: Map<string, number>, tokens: readonly number[], prob: number): void => {
    if (tokens.length > depth) tally(into, tokens.join(), prob);
    else for (const x of TOKENS) complete(into, [...tokens, x], prob * models.p(tokens)[x]!);
  };
  for (const [tokens, prob] of emitted) complete(law, tokens.split(",").map(Number), prob);
  complete(exact, [], 1);
  let error = 0;
  for (const key of new Set([...law.keys(), ...exact.keys()])) {
    error = Math.max(error, Math.abs((law.get(key) ?? 0) - (exact.get(key) ?? 0)));
  }
  return error;
}

export const speculate = (models: Models, depth: number, drafting: Drafting, rule: NodeRule): number =>
  lawError(models, depth, (choose) => walk(drafting(models.q, [], choose), models.p, models.q, rule, choose));

export const kinds: readonly { name: string; models: (seed: number) => Models }[] = [
  { name: "full support", models: (s) => ({ p: randomLaw(s, 0), q: randomLaw(s + 1, 0) }) },
  { name: "zeros in p", models: (s) => ({ p: randomLaw(s, 1), q: randomLaw(s + 1, 0) }) },
  { name: "zeros in q", models: (s) => ({ p: randomLaw(s, 0), q: randomLaw(s + 1, 2) }) },
  { name: "zeros in both", models: (s) => ({ p: randomLaw(s, 1), q: randomLaw(s + 1, 2) }) },
  {
    name: "top-p target, cooler draft",
    models: (s) => ({
      p: sampled(randomLaw(s, 0), { topP: 0.8, temperature: 0.9 }),
      q: sampled(randomLaw(s + 1, 0), { temperature: 0.6 }),
    }),
  },
];
