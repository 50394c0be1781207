/** Settings of every method for a number of drafted nodes or a draft length; chosen by calibrated acceptance. */
import measured from "../../src/decoding/acceptance.json" with { type: "json" };
import { Acceptance, planTree } from "../../src/decoding/sequoia_plan";

/** Methods with a draft model, then those without; all by tokens a pass. */
export const METHODS = [
  "speculative-chain",
  "spectr",
  "specinfer",
  "rsd-c",
  "rsd-s",
  "sequoia",
  "dyspec",
  "eagle-tree",
  "token-recycling",
  "prompt-lookup",
  "jacobi",
] as const;
export type MethodId = (typeof METHODS)[number];
/** Methods whose trees have one shape, whatever the text. */
export const STATIC: readonly MethodId[] = [
  "speculative-chain",
  "spectr",
  "specinfer",
  "rsd-c",
  "rsd-s",
  "sequoia",
];

/** Whether a draft length says what a method drafts; Token Recycling's tree has one shape. */
export const HAS_LENGTH = (method: MethodId): boolean => method !== "token-recycling";

export type Params = Readonly<Record<string, number | boolean | string | readonly number[]>>;

const MOST_CHILDREN = 8;
const MOST_LEVELS = 16;
/** DySpec's draft temperature as published, whatever the target's: its trees go by what the draft model is sure of. */
const DYSPEC_TEMPERATURE = 0.6;
/**
 * Longest chain and deepest beam that are compared: RSD-S takes no more levels. A chain may be asked for 32 tokens; here it
 * stops at as many, and so does not grow with budgets beyond 16.
 */
const LONGEST = 16;

/** Tokens a round with `branching[l]` children at level l, if child j is accepted with probability p[j]. */
function branchingValue(p: readonly number[], branching: readonly number[]): number {
  let value = 1;
  let reach = 1;
  for (const b of branching) {
    reach *= p.slice(0, b).reduce((x, y) => x + y, 0);
    value += reach;
  }
  return value;
}

/** The best children per level with at most `nodes` nodes, of exactly `length` levels where that is given. */
export function bestBranching(p: readonly number[], nodes: number, length: number | null): number[] {
  let best: number[] = [1];
  let bestValue = 0;
  const grow = (branching: readonly number[], size: number, left: number): void => {
    const value = branchingValue(p, branching);
    if (branching.length > 0 && (length === null || branching.length === length) && value > bestValue) {
      best = [...branching];
      bestValue = value;
    }
    if (branching.length === (length ?? MOST_LEVELS)) return;
    for (let b = 1; b <= MOST_CHILDREN && size * b <= left; b++)
      grow([...branching, b], size * b, left - size * b);
  };
  grow([], 1, nodes);
  return best;
}

/** Tokens a round with the `width` best paths at each level. */
function beamValue(p: readonly number[], width: number, depth: number): number {
  let level = [1];
  let value = 1;
  for (let l = 0; l < depth; l++) {
    level = level
      .flatMap((v) => p.map((x) => v * x))
      .sort((a, b) => b - a)
      .slice(0, width);
    value += level.reduce((a, b) => a + b, 0);
  }
  return value;
}

export function bestBeam(
  p: readonly number[],
  nodes: number,
  length: number | null,
): { width: number; depth: number } {
  let best = { width: 1, depth: 1, value: 0 };
  for (let width = 1; width <= MOST_CHILDREN; width++) {
    const depth = length ?? Math.min(LONGEST, Math.floor(nodes / width));
    if (depth < 1 || width * depth > nodes) continue;
    const value = beamValue(p, width, depth);
    if (value > best.value) best = { width, depth, value };
  }
  return { width: best.width, depth: best.depth };
}

export interface Protocol {
  /** Most drafted nodes, and the draft length where that is what is fixed. */
  readonly nodes: number;
  readonly length: number | null;
}

export function paramsOf(
  method: MethodId,
  { nodes, length }: Protocol,
  temperature: number,
  pair: { readonly target: string; readonly draft: string },
): Params {
  const p = new Acceptance(measured.pairs, pair.target, pair.draft, temperature).vector();
  const beam = bestBeam(p, nodes, length);
  const depth = length ?? (nodes <= 21 ? 8 : 12);
  switch (method) {
    case "speculative-chain":
      return { draftLength: length ?? Math.min(LONGEST, nodes) };
    case "spectr":
      return { sequences: beam.width, draftLength: Math.min(beam.depth, 15) };
    case "specinfer":
      return { expansion: bestBranching(p, nodes, length) };
    case "rsd-c":
      return { branching: bestBranching(p, nodes, length) };
    case "rsd-s":
      return { ...beam };
    case "sequoia":
      return { nodes, depth: length ?? LONGEST, replan: false };
    case "dyspec":
      // Left out where it is what the method takes by itself.
      return [0, DYSPEC_TEMPERATURE].includes(temperature)
        ? { nodes, depth }
        : { nodes, depth, draftTemperature: DYSPEC_TEMPERATURE };
    case "eagle-tree":
      return { nodes, depth, topK: nodes <= 21 ? 5 : 8 };
    case "token-recycling":
      return { nodes };
    case "prompt-lookup":
      return { draftLength: length ?? Math.min(32, nodes) };
    case "jacobi":
      return { block: length ?? Math.min(32, nodes) };
  }
}

/** What the plan expects of a Sequoia tree; shown beside what was measured. */
export const plannedValue = (
  { nodes, length }: Protocol,
  temperature: number,
  pair: { readonly target: string; readonly draft: string },
): number =>
  planTree(
    new Acceptance(measured.pairs, pair.target, pair.draft, temperature).vector(),
    nodes,
    length ?? LONGEST,
  ).value;
