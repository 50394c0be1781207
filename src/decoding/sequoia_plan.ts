/** Sequoia's plan: the tree worth most by how often children of each draw order are accepted, and the measuring of that. */
import { MAX_NODES, type ExpansionOf, type TreePolicy } from "./draft_tree";
import type { ToldRound } from "./round_events";

/** Most children a node is planned to have: later ones are next to never accepted. */
export const MAX_CHILDREN = 16;

/** A planned tree: how many children each node of a level has, level by level, and its expected tokens a round. */
export interface TreePlan {
  readonly counts: readonly (readonly number[])[];
  readonly value: number;
}

/**
 * The tree of at most `nodes` drafted nodes and `depth` levels that commits most tokens a round if child j of any node is
 * the accepted one with probability `acceptance[j]`. Dynamic programming over T[m][l][b], the best value of m nodes
 * with the root among them, at most l levels of them, the root having b children.
 * @see Chen et al. 2024, Sequoia, section 4.1 and algorithm 1
 */
export function planTree(acceptance: readonly number[], nodes: number, depth: number): TreePlan {
  const M = nodes + 1;
  const L = depth + 1;
  const B = Math.min(acceptance.length, nodes);
  const at = (m: number, l: number, b: number): number => (m * (L + 1) + l) * (B + 1) + b;
  const T = new Float64Array((M + 1) * (L + 1) * (B + 1)).fill(-Infinity);
  /** Nodes of the best tree that stay with the root when its last child's subtree is cut off. */
  const split = new Int32Array(T.length);
  /** Children of the root in the best tree of m nodes and l levels, and its value. */
  const bestB = new Int32Array((M + 1) * (L + 1));
  const best = new Float64Array((M + 1) * (L + 1)).fill(-Infinity);
  for (let m = 1; m <= M; m++) {
    for (let l = 1; l <= L; l++) {
      if (m === 1) T[at(1, l, 0)] = 1;
      for (let b = 1; b <= B && l > 1; b++) {
        for (let y = 1; y < m; y++) {
          const value = T[at(y, l, b - 1)]! + acceptance[b - 1]! * best[(m - y) * (L + 1) + l - 1]!;
          if (value > T[at(m, l, b)]!) {
            T[at(m, l, b)] = value;
            split[at(m, l, b)] = y;
          }
        }
      }
      for (let b = 0; b <= B; b++)
        if (T[at(m, l, b)]! > best[m * (L + 1) + l]!) {
          best[m * (L + 1) + l] = T[at(m, l, b)]!;
          bestB[m * (L + 1) + l] = b;
        }
    }
  }
  // Where the depth allows no tree of that many nodes, a smaller one is the best there is.
  let size = M;
  while (best[size * (L + 1) + L] === -Infinity) size--;
  const counts: number[][] = [];
  for (let level: [m: number, l: number][] = [[size, L]]; level.some(([m]) => m > 1);) {
    const below: [number, number][] = [];
    counts.push(
      level.map(([m, l]) => {
        const b = bestB[m * (L + 1) + l]!;
        const own: [number, number][] = [];
        for (let rest = m, j = b; j > 0; j--) {
          const y = split[at(rest, l, j)]!;
          own.unshift([rest - y, l - 1]);
          rest = y;
        }
        below.push(...own);
        return b;
      }),
    );
    level = below;
  }
  return { counts, value: best[size * (L + 1) + L]! };
}

/** The planned tree, cut where a node would have more children than there are tokens. */
export function plannedTree({ counts }: TreePlan, vocabSize = Infinity): TreePolicy<"wor"> {
  const levels: number[] = [];
  const expansions: ExpansionOf<"wor">[] = [];
  /** For each node of the level, whether it is still there. */
  let there = [true];
  for (const level of counts) {
    const kept = level.map((n, i) => (there[i] ? Math.min(n, vocabSize) : 0));
    const size = kept.reduce((a, b) => a + b, 0);
    if (size === 0) break;
    levels.push(size);
    expansions.push({ kind: "planned", counts: kept.filter((_, i) => there[i]) });
    there = level.flatMap((n, i) => Array.from({ length: n }, (_, j) => there[i]! && j < kept[i]!));
  }
  return { law: "wor", levels, expansions };
}

/** The non-increasing numbers nearest to `values`, of the same sum: neighbours out of order get their mean. */
export function nonIncreasing(values: readonly number[]): number[] {
  const pools: { sum: number; size: number }[] = [];
  for (const value of values) {
    let pool = { sum: value, size: 1 };
    for (let last = pools.at(-1); last && last.sum * pool.size < pool.sum * last.size; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, size: last.size + pool.size };
    }
    pools.push(pool);
  }
  return pools.flatMap(({ sum, size }) => Array.from({ length: size }, () => sum / size));
}

export interface MeasuredPair {
  readonly target: string;
  readonly draft: string;
  readonly temperature: number;
  /** Chance of accepting child j once its elder siblings were rejected. */
  readonly chances: readonly number[];
}

/** The table of acceptance.json. Fetched when it is asked for, since most visitors never do. */
export const measuredPairs = async (): Promise<readonly MeasuredPair[]> =>
  (await import("./acceptance.json", { with: { type: "json" } })).default.pairs;

/** Rounds that what is known beforehand counts for. */
const PRIOR_VISITS = 16;
/** Chance of accepting each further child once its elder siblings were rejected, where nothing was measured. */
const GUESS = 0.5;

/**
 * How often child j is accepted once it is tested, from a table measured beforehand (acceptance.json, by
 * `npm run bench:drafts -- --calibrate`; the nearest temperature; a guess for models that it does not have) and from
 * what the rounds of this run add to it.
 */
export class Acceptance {
  private readonly tested = new Float64Array(MAX_CHILDREN).fill(PRIOR_VISITS);
  private readonly accepted: Float64Array;
  /** Whether the table has the pair. */
  readonly isMeasured: boolean;

  constructor(table: readonly MeasuredPair[], target: string, draft: string, temperature: number) {
    const rows = table
      .filter((row) => row.target === target && row.draft === draft)
      .sort((a, b) => Math.abs(a.temperature - temperature) - Math.abs(b.temperature - temperature));
    this.isMeasured = rows.length > 0;
    const chances = rows[0]?.chances ?? [];
    this.accepted = Float64Array.from(this.tested, (n, j) => n * (chances[j] ?? GUESS));
  }

  /** Adds the tests of a round, each with its probability rather than its outcome, which is the same in the mean. */
  observe({ nodes, outcome }: Pick<ToldRound, "nodes" | "outcome">): void {
    for (const { id, sibling } of nodes) {
      if (id === 0 || outcome.verdict[id] === 0 || sibling >= MAX_CHILDREN) continue;
      this.tested[sibling]! += 1;
      this.accepted[sibling]! += outcome.acceptProb[id]!;
    }
  }

  /**
   * Probability that child j is the accepted one: the first j are rejected and it is not. Does not increase with j, as the
   * plan supposes: late children are tested too seldom for a table to have them in order.
   */
  vector(): number[] {
    let left = 1;
    const chances = Array.from(this.tested, (n, j) => {
      const chance = left * Math.min(1, this.accepted[j]! / n);
      left -= chance;
      return chance;
    });
    return nonIncreasing(chances);
  }
}

/** Most nodes of a plan, the anchor included. */
export const plannedNodes = (nodes: number): number => Math.min(nodes, MAX_NODES - 1) + 1;
