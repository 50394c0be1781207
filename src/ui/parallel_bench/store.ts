/** ParallelBench on the visitor's device: what is chosen, how far it is, what came out. Outlives a visit to another place. */
import { create } from "zustand";
import { toErrorRecord } from "../../base/errors";
import {
  type Attention,
  LISTS,
  type Measured,
  type Measurement,
  type TaskId,
  type TaskOutcome,
  TASKS,
} from "../../parallel/problems";
import { NAMES } from "../../parallel/report";
import { allStrategies, firstStrategies, type Strategy } from "../../parallel/strategies";
import type { DeviceInfo } from "../../worker/api";
import { allModels, draftOf, methodOf, type ModelInfo } from "../definitions";
import { cancel, engineFor } from "../engine";
import { isBusy, useEngine } from "../stores/engine";
import { offerUndo } from "../stores/undo";

/** Models that fill masks, those that have learnt the tasks first. */
export function ableModels(): readonly ModelInfo[] {
  const masked = allModels().filter((m) => m.kind === "masked");
  return [...masked.filter(knowsTasks), ...masked.filter((m) => !knowsTasks(m))];
}
/** Whether a model was trained on any of the tasks. */
export const knowsTasks = (m: ModelInfo): boolean => TASKS.some((t) => m.tasks.includes(t));

/** Problems a task that are offered. */
export const COUNTS = [3, 6, 12, 24, 48] as const;

export interface BenchState {
  readonly model: string;
  readonly tasks: ReadonlySet<TaskId>;
  /** By id. */
  readonly strategies: ReadonlySet<string>;
  readonly count: number;
  /** Growing task by task. */
  readonly measured: Measured;
  /** What the results were measured with, which the form may have left since. */
  readonly of: {
    readonly model: string;
    readonly count: number;
    readonly device: DeviceInfo;
    /** Null until the model has answered. */
    readonly attention: Attention | null;
  } | null;
  readonly phase: "idle" | "preparing" | "measuring";
  /** Answers made, of all that are asked for, and what is being answered. */
  readonly done: number;
  readonly total: number;
  readonly now: string;
  /** Why the last measurement ended early. */
  readonly problem: string | null;
}

export const useBench = create<BenchState>()(() => ({
  model: ableModels()[0]?.id ?? "",
  tasks: new Set(LISTS),
  strategies: new Set(firstStrategies.map(({ id }) => id)),
  count: 6,
  measured: new Map(),
  of: null,
  phase: "idle",
  done: 0,
  total: 0,
  now: "",
  problem: null,
}));

/** Whether a strategy can run on the model. */
export const canRun = ({ method }: Strategy, model: string): boolean =>
  !methodOf(method)?.requires.includes("+") || draftOf(model) !== undefined;

/** What is chosen, in the order of the registry. */
export function chosen({ model, tasks, strategies }: BenchState): {
  readonly tasks: readonly TaskId[];
  readonly strategies: readonly Strategy[];
} {
  return {
    tasks: TASKS.filter((t) => tasks.has(t)),
    strategies: allStrategies.filter((s) => strategies.has(s.id) && canRun(s, model)),
  };
}

/** Grows with every measurement and every cancel: what began before is no longer asked for. */
let attempt = 0;

const withOutcome = (m: Measurement | undefined, strategy: Strategy, task: TaskId, outcome: TaskOutcome) => ({
  strategy,
  byTask: new Map([...(m?.byTask ?? []), [task, outcome]]),
});

/** Measures what is chosen, strategy by strategy; ends what the engine is doing. */
export async function measure(): Promise<void> {
  const state = useBench.getState();
  if (state.phase !== "idle") return;
  const { tasks, strategies } = chosen(state);
  const { model, count } = state;
  const mine = ++attempt;
  if (isBusy(useEngine.getState().phase)) cancel();
  const total = tasks.length * strategies.length * count;
  if (state.measured.size > 0) {
    const { measured, of, done } = state;
    offerUndo("A new measurement took the place of the one before.", () => {
      if (useBench.getState().phase !== "idle") void stopMeasuring();
      useBench.setState({ measured, of, done, total: state.total, problem: null });
    });
  }
  useBench.setState({
    phase: "preparing",
    measured: new Map(),
    of: null,
    done: 0,
    total,
    now: "",
    problem: null,
  });
  let end = (): void => undefined;
  try {
    const needsGuider = strategies.some((s) => methodOf(s.method)?.requires.includes("+"));
    const guider = needsGuider ? (draftOf(model)?.id ?? null) : null;
    const { engine, device } = await engineFor([model, ...(guider === null ? [] : [guider])]);
    end = () => engine.endSolving();
    useBench.setState({ phase: "measuring", of: { model, count, device, attention: null } });
    for (const strategy of strategies)
      for (const task of tasks) {
        if (mine !== attempt) return;
        useBench.setState({ now: `${strategy.label}: ${NAMES[task]}` });
        const { outcome, attention } = await engine.solve({ model, guider, strategy, task, count, from: 0 });
        if (mine !== attempt) return;
        useBench.setState((s) => ({
          done: s.done + count,
          of: { model, count, device, attention },
          measured: new Map([
            ...s.measured,
            [strategy.id, withOutcome(s.measured.get(strategy.id), strategy, task, outcome)],
          ]),
        }));
      }
  } catch (thrown) {
    const error = toErrorRecord(thrown);
    if (mine === attempt && error.code !== "cancelled") useBench.setState({ problem: error.message });
  } finally {
    end();
    if (mine === attempt) useBench.setState({ phase: "idle", now: "" });
  }
}

/** Stops after the answers that are being made; what was measured stays. */
export async function stopMeasuring(): Promise<void> {
  attempt++;
  useBench.setState({ phase: "idle", now: "" });
  // Where no engine opens there is nothing to end, and `measure` says why.
  await engineFor([]).then(
    ({ engine }) => engine.endSolving(),
    () => undefined,
  );
}
