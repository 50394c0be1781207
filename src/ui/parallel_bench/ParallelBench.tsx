/** ParallelBench as a live page: tasks and strategies of one's choice, answered on this device, drawn as they come in. */
import { useId, useMemo } from "react";
import { AMBIGUOUS, SOLVABLE, type TaskId } from "../../parallel/problems";
import { boundChart, chartsOf, checkedTables, checksOf, NAMES, tableOf } from "../../parallel/report";
import { adaptive, caches, combinations, curves, type Strategy } from "../../parallel/strategies";
import { ResultSection } from "../benchmarks/ResultSection";
import { readResult, RESULT_FORMAT, type BenchmarkResult } from "../benchmarks/schema";
import { modelOf } from "../definitions";
import { count as counted } from "../format";
import { hrefOf } from "../routes";
import { useEngine } from "../stores/engine";
import { useMoreModels } from "../stores/more_models";
import {
  ableModels,
  canRun,
  chosen,
  COUNTS,
  knowsTasks,
  measure,
  stopMeasuring,
  useBench,
  type BenchState,
} from "./store";
import "./parallel_bench.css";

const GROUPS: readonly { readonly label: string; readonly strategies: readonly Strategy[] }[] = [
  { label: "Fixed plans", strategies: [...curves.confidence, ...curves.sampled, ...curves.random] },
  { label: "As sure as the model is", strategies: adaptive },
  { label: "Caches", strategies: caches },
  { label: "Together", strategies: combinations },
];

function toggled<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}

function Tasks() {
  const tasks = useBench((s) => s.tasks);
  const chip = (task: TaskId) => (
    <button
      key={task}
      type="button"
      className="chip"
      aria-pressed={tasks.has(task)}
      onClick={() => useBench.setState({ tasks: toggled(tasks, task) })}
    >
      {NAMES[task]}
    </button>
  );
  return (
    <>
      <fieldset>
        <legend className="section-name">Tasks with one right answer</legend>
        <div className="chips">{SOLVABLE.map(chip)}</div>
      </fieldset>
      <fieldset>
        <legend className="section-name">Tasks with several right answers</legend>
        <div className="chips">{AMBIGUOUS.map(chip)}</div>
      </fieldset>
    </>
  );
}

function Strategies() {
  const strategies = useBench((s) => s.strategies);
  const model = useBench((s) => s.model);
  const isIdle = useBench((s) => s.phase === "idle");
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const set = (next: ReadonlySet<string>) => useBench.setState({ strategies: next });
  return GROUPS.map((group) => {
    const able = group.strategies.filter((s) => canRun(s, model));
    const ids = able.map((s) => s.id);
    const on = ids.filter((id) => strategies.has(id)).length;
    return (
      <div key={group.label} className="bench-group" role="group" aria-label={group.label}>
        <div className="bench-group-head">
          <h3 className="section-name">
            {group.label}, {on} of {ids.length}
          </h3>
          <button
            type="button"
            disabled={!isIdle || !hasWebGpu || ids.length === 0}
            onClick={() => {
              set(new Set(ids));
              void measure();
            }}
          >
            Measure these {ids.length}
          </button>
          <button
            type="button"
            className="quiet"
            onClick={() =>
              set(
                new Set(
                  on === ids.length
                    ? [...strategies].filter((id) => !ids.includes(id))
                    : [...strategies, ...ids],
                ),
              )
            }
          >
            {on === ids.length ? "None of these" : "All of these"}
          </button>
        </div>
        <div className="bench-strategies">
          {able.map(({ id, label }) => (
            <label key={id}>
              <input
                type="checkbox"
                checked={strategies.has(id)}
                onChange={() => set(toggled(strategies, id))}
              />
              {label}
            </label>
          ))}
        </div>
      </div>
    );
  });
}

function Sizes() {
  const id = useId();
  const model = useBench((s) => s.model);
  const problems = useBench((s) => s.count);
  // Models that the visitor brings are drawn as they come.
  useMoreModels();
  const able = ableModels();
  const chosenModel = able.find((m) => m.id === model);
  return (
    <div className="bench-sizes">
      <label htmlFor={`${id}-model`}>Model</label>
      <select id={`${id}-model`} value={model} onChange={(e) => useBench.setState({ model: e.target.value })}>
        {able.map((m) => (
          <option key={m.id} value={m.id}>
            {m.label}
          </option>
        ))}
      </select>
      {chosenModel && !knowsTasks(chosenModel) && (
        <p className="help">
          This model was not trained on the tasks. It reads them as any text, and what it answers is judged in
          the same way.
        </p>
      )}
      <label htmlFor={`${id}-count`}>Problems a task</label>
      <select
        id={`${id}-count`}
        value={problems}
        onChange={(e) => useBench.setState({ count: Number(e.target.value) })}
      >
        {COUNTS.map((n) => (
          <option key={n} value={n}>
            {n}
          </option>
        ))}
      </select>
    </div>
  );
}

function Progress() {
  const { phase, done, total, now, problem } = useBench();
  if (phase === "idle" && problem !== null)
    return (
      <div className="notice error" role="alert">
        <p>{problem}</p>
      </div>
    );
  if (phase === "idle" && total === 0) return null;
  const isDone = done >= total;
  const words =
    phase === "preparing"
      ? "Getting the model ready"
      : phase === "idle"
        ? isDone
          ? "Done"
          : "Stopped"
        : now;
  return (
    <div className="bench-progress" data-testid="bench-progress">
      <progress value={total > 0 ? done / total : 0} max={1} aria-label="Answers made" />
      <p className="figures" role="status">
        {`${counted(done)} of ${counted(total)} answers. ${words}`}
      </p>
    </div>
  );
}

/** What came out so far, in the form that files of results have. */
function resultOf({ measured, of }: Pick<BenchState, "measured" | "of">): BenchmarkResult | null {
  if (!of || measured.size === 0) return null;
  const model = modelOf(of.model);
  const several = AMBIGUOUS.filter((task) => [...measured.values()].some((m) => m.byTask.has(task)));
  const checked = of.attention === null ? [] : checksOf(measured, of.attention);
  const read = readResult({
    format: RESULT_FORMAT,
    id: "parallelbench-here",
    title: "On this device",
    summary: `${measured.size} strategies, measured just now with ${model?.label ?? of.model}. Counts and right answers hold on every device, up to rounding where two tokens are nearly equally likely.`,
    command: "Measure, on this page",
    adapter: of.device.adapter,
    isSoftware: of.device.isSoftware,
    date: new Date().toISOString().slice(0, 10),
    commit: null,
    charts: [...chartsOf(measured, of.count), ...(several.length > 0 ? [boundChart(several)] : [])],
    tables: [tableOf(measured, model?.layers ?? 1, of.count), ...checkedTables(checked)],
    notes: [],
  });
  return "result" in read ? read.result : null;
}

function Here() {
  const measured = useBench((s) => s.measured);
  const of = useBench((s) => s.of);
  const result = useMemo(() => resultOf({ measured, of }), [measured, of]);
  return result && <ResultSection result={result} />;
}

export function ParallelBench() {
  const state = useBench();
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const { tasks, strategies } = chosen(state);
  const answers = tasks.length * strategies.length * state.count;
  return (
    <div className="place-body">
      <header>
        <h2>ParallelBench</h2>
        <p>
          When can text be decoded in parallel? Lists are copied, sorted, shuffled and edited by strategies
          that commit one or many tokens a step; an exact checker judges every answer. The model runs on your
          device. <a href={hrefOf("benchmarks")}>All benchmarks</a>
        </p>
      </header>
      <section className="bench-form" aria-label="What is measured">
        <Tasks />
        <Sizes />
        <div className="bench-buttons">
          {state.phase === "idle" ? (
            <button
              type="button"
              className="primary"
              disabled={answers === 0 || !hasWebGpu}
              onClick={() => void measure()}
            >
              Measure
            </button>
          ) : (
            <button type="button" onClick={() => void stopMeasuring()}>
              Cancel
            </button>
          )}
          <p className="help figures">
            {hasWebGpu
              ? `${counted(answers)} answers of 1 to 16 passes each.`
              : "This browser has no WebGPU, which running a model needs."}
          </p>
        </div>
        <Progress />
        <fieldset>
          <legend className="section-name">Strategies</legend>
          <Strategies />
        </fieldset>
      </section>
      <Here />
    </div>
  );
}
