/** What is read off measurements: shares and means over problems. */
import type { Measurement, TaskId, TaskOutcome } from "./problems";
import { differenceOf, mean, ratioOf, share, type Estimate } from "./statistics";

/** Parts of the outcomes of `tasks` in a row; nothing of those that were not measured. */
const over = <T>(
  { byTask }: Measurement,
  tasks: readonly TaskId[],
  of: (o: TaskOutcome) => readonly T[],
): T[] =>
  tasks.flatMap((task) => {
    const outcome = byTask.get(task);
    return outcome ? [...of(outcome)] : [];
  });

/** Whether any problem of these tasks was tried. */
export const hasAny = (m: Measurement, tasks: readonly TaskId[]): boolean =>
  over(m, tasks, (o) => o.right).length > 0;
/** Share of right answers. @throws Error if nothing was measured, as the others */
export const accuracy = (m: Measurement, tasks: readonly TaskId[]): Estimate => {
  const right = over(m, tasks, (o) => o.right);
  return share(right.filter(Boolean).length, right.length);
};
/** Mean steps of an answer. */
export const stepsOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.steps));
/** Mean forward passes of an answer. */
export const passesOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.passes));
/** Mean forward passes of the causal model that judges. */
export const guiderPassesOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.guiderPasses));
/** Mean rows of an answer, over all its passes. */
export const rowsOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.rows));

/** A strategy on some tasks, all taken together. */
export interface Part {
  readonly measured: Measurement;
  readonly tasks: readonly TaskId[];
}
const isPaired = (a: Part, b: Part): boolean =>
  a.tasks.join() === b.tasks.join() &&
  a.tasks.every((task) => {
    const [x, y] = [a.measured.byTask.get(task), b.measured.byTask.get(task)];
    return x?.right.length === y?.right.length;
  });
const pointsOf = ({ measured, tasks }: Part): number[] =>
  over(measured, tasks, (o) => o.right).map((isRight) => (isRight ? 100 : 0));

/** Right answers of `a` less those of `b`, in points; problem by problem where both had the same ones. */
export const pointsBetween = (a: Part, b: Part): Estimate =>
  differenceOf(pointsOf(a), pointsOf(b), isPaired(a, b));

export type Cost = "steps" | "passes" | "rows";
/** What `a` costs in percent of what `b` costs; problem by problem where both had the same ones. */
export function costBetween(a: Part, b: Part, cost: Cost): Estimate {
  const costs = ({ measured, tasks }: Part): number[] => over(measured, tasks, (o) => o[cost]);
  return ratioOf(costs(a), costs(b), isPaired(a, b));
}

/**
 * Points lost or won with every doubling of tokens a step: the slope of a line through the right answers of one problem
 * at each of `parallel`, mean over problems.
 * @param parts the same tasks and problems at each of `parallel` tokens a step
 */
export function slopeOf(parts: readonly Part[], parallel: readonly number[]): Estimate {
  const x = parallel.map(Math.log2);
  const centre = x.reduce((a, b) => a + b, 0) / x.length;
  const spread = x.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  const points = parts.map(pointsOf);
  const slopes = points[0]!.map((_, problem) =>
    x.reduce((sum, v, i) => sum + ((v - centre) * points[i]![problem]!) / spread, 0),
  );
  return mean(slopes);
}
