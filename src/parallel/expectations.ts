/** What is expected of strategies on tasks, checked against what was measured. */
import type { Checked } from "./checked";
import { claims } from "./claims";
import type { Expectation, Side } from "./expected";
import { costBetween, hasAny, pointsBetween, slopeOf, type Part } from "./measurement";
import { orderings } from "./orderings";
import type { Attention, Measured, TaskId } from "./problems";
import { PARALLEL } from "./strategies";

const OF: Readonly<Record<Expectation["measure"], readonly [of: string, unit: string]>> = {
  points: ["difference in right answers", "points"],
  slope: ["change with every doubling of tokens a step", "points"],
  steps: ["steps", "%"],
  passes: ["passes", "%"],
  rows: ["rows", "%"],
};

/** The parts that an expectation speaks of, or null if one was not measured. */
function partsOf(e: Expectation, measured: Measured): Part[] | null {
  const sides: readonly Side[] =
    e.measure === "slope"
      ? e.strategies.map((strategy) => ({ strategy, tasks: e.tasks }))
      : [e.left, e.right];
  const parts = sides.flatMap(({ strategy, tasks }) => {
    const m = measured.get(strategy);
    return m && tasks.every((task) => hasAny(m, [task])) ? [{ measured: m, tasks }] : [];
  });
  return parts.length === sides.length ? parts : null;
}

/** Every expectation of a model of this kind of which all sides were measured. */
export function checkExpectations(
  measured: Measured,
  attention: Attention,
  nameOf: (tasks: readonly TaskId[]) => string,
): Checked[] {
  const check = (kind: Checked["kind"], e: Expectation): Checked[] => {
    const parts = partsOf(e, measured);
    if ((e.attention === "isolated" && attention === "full") || !parts) return [];
    const { measure, says, limit } = e;
    const [a, b] = [parts[0]!, parts[1]!];
    const value =
      measure === "slope"
        ? slopeOf(parts, PARALLEL)
        : measure === "points"
          ? pointsBetween(a, b)
          : costBetween(a, b, measure);
    const named = ({ measured: { strategy }, tasks }: Part): string => `${strategy.label}: ${nameOf(tasks)}`;
    const [of, unit] = OF[measure];
    const right = measure === "slope" ? `${PARALLEL.slice(1).join(", ")} a step` : named(b);
    const { method } = a.measured.strategy;
    return [{ method, kind, says, left: named(a), right, of, unit, value, limit }];
  };
  return [...claims.flatMap((e) => check("claim", e)), ...orderings.flatMap((e) => check("ordering", e))];
}
