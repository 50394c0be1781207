/** How expectations of strategies on tasks are written down. */
import type { Limit } from "./checked";
import type { Cost } from "./measurement";
import type { TaskId } from "./problems";
import { PARALLEL, strategyOf } from "./strategies";

/** A strategy, by its id, on tasks. */
export interface Side {
  readonly strategy: string;
  readonly tasks: readonly TaskId[];
}
export type Expectation = {
  /** Of which kind of model it is expected. */
  readonly attention: "any" | "isolated";
  readonly says: string;
  readonly limit: Limit;
} & (
  | { readonly measure: "points" | Cost; readonly left: Side; readonly right: Side }
  /** Points with every doubling of tokens a step; one strategy for each of {@link PARALLEL}. */
  | { readonly measure: "slope"; readonly strategies: readonly string[]; readonly tasks: readonly TaskId[] }
);

/** Ids of the strategies that an expectation speaks of. */
export const sidesOf = (e: Expectation): readonly string[] =>
  e.measure === "slope" ? e.strategies : [e.left.strategy, e.right.strategy];

type Tasks = readonly TaskId[];
type Written = Omit<Expectation, "attention">;

/** @throws Error for an id that no strategy has */
const side = (strategy: string, tasks: Tasks): Side => ({ strategy: strategyOf(strategy).id, tasks });
const any = (e: Written): Expectation => ({ ...e, attention: "any" }) as Expectation;

/** The right answers of one strategy beside those of another; on the same tasks unless others are named. */
const points = (says: string, left: string, right: string, tasks: Tasks, limit: Limit, than = tasks) =>
  any({ measure: "points", says, left: side(left, tasks), right: side(right, than), limit } as Written);

/** Loses less than a point. */
export const keeps = (says: string, left: string, right: string, tasks: Tasks): Expectation =>
  points(says, left, right, tasks, { side: "above", value: -1 });
/** Has as many right answers. */
export const same = (says: string, left: string, right: string, tasks: Tasks): Expectation =>
  points(says, left, right, tasks, { side: "at", value: 0 });
/** Has more right answers. */
export const more = (says: string, left: string, right: string, tasks: Tasks, than?: Tasks): Expectation =>
  points(says, left, right, tasks, { side: "above", value: 0 }, than);

/** Costs less than `percent` of the other. */
export const cheaper = (
  says: string,
  measure: Cost,
  [left, right]: readonly [string, string],
  tasks: Tasks,
  percent = 100,
): Expectation =>
  any({
    ...{ measure, says, left: side(left, tasks), right: side(right, tasks) },
    limit: { side: "below", value: percent },
  });

/** Loses more than `least` points with every doubling of tokens a step. */
export const falls = (says: string, plan: string, tasks: Tasks, least: number): Expectation =>
  any({
    ...{ measure: "slope", says, tasks },
    strategies: PARALLEL.map((n) => strategyOf(`${plan}-${n}`).id),
    limit: { side: "below", value: -least },
  } as Written);

export const isolated = (e: Expectation): Expectation => ({ ...e, attention: "isolated" });
