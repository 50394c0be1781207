/** What is read off measurements: shares and means over problems. */
import type { Measurement, TaskId, TaskOutcome } from "./problems";
import { mean, share, type Estimate } from "./statistics";

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
/** Mean forward passes of an answer. */
export const passesOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.passes));
/** Mean forward passes of the causal model that judges. */
export const guiderPassesOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.guiderPasses));
/** Mean rows of an answer, over all its passes. */
export const rowsOf = (m: Measurement, tasks: readonly TaskId[]): Estimate =>
  mean(over(m, tasks, (o) => o.rows));
