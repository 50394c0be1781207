/** Strategies on tasks, one after the other, for as long as there is time. */
import { LISTS, type Measurement, type TaskId, type TaskOutcome, TASKS } from "../../src/parallel/problems";
import type { Strategy } from "../../src/parallel/strategies";
import type { EngineHost } from "../../src/worker/host";
import { Solver } from "../../src/worker/solve";

export interface TaskOptions {
  /** Causal model that judges, for strategies that need one. */
  readonly guider: string | null;
  readonly problems: number;
  readonly strategies: readonly Strategy[];
  /** Whether a strategy is measured on Latin squares, too. */
  readonly onSquares: (s: Strategy) => boolean;
  /** Whether the time is up: then what is left is left out. */
  readonly isLate: () => boolean;
}

/** Measures every strategy; `tell` hears of each as it is done. Gives measurements by id. */
export async function measureTasks(
  host: EngineHost,
  modelId: string,
  options: TaskOptions,
  tell: (m: Measurement) => void,
): Promise<Map<string, Measurement>> {
  const solver = await Solver.open(host, modelId, options.guider);
  const measured = new Map<string, Measurement>();
  for (const strategy of options.strategies) {
    if (measured.size > 0 && options.isLate()) break;
    const byTask = new Map<TaskId, TaskOutcome>();
    for (const task of options.onSquares(strategy) ? TASKS : LISTS)
      byTask.set(task, (await solver.solve({ strategy, task, count: options.problems, from: 0 })).outcome);
    const measurement = { strategy, byTask };
    measured.set(strategy.id, measurement);
    tell(measurement);
  }
  solver.dispose();
  return measured;
}
