/** Accuracy of the task models on problems of the test split, as decoded by the methods of the page. */
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import { drawProblem, judge, tasks, type Problem, type Task } from "../../src/tasks";
import { BOS, decode, encode } from "../../src/tasks/vocabulary";
import type { EngineHost, HostedModel } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";
import { RunText } from "../../src/worker/run_text";
import { share, type Figure } from "./figures";

/** Problems are those of this seed; training files use others, and other splits. */
const SEED = 77;

export const problemsOf = (task: Task, count: number, level?: number): Problem[] =>
  Array.from({ length: count }, (_, number) =>
    drawProblem(task, { seed: SEED, number, split: "test", ...(level === undefined ? {} : { level }) }),
  );

interface Decoding {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly temperature: number;
  readonly seed: number;
  readonly maxNewTokens: number;
}

/** The text that a method writes after a prompt. @throws Error if the run fails */
async function answerOf(
  host: EngineHost,
  model: HostedModel,
  prompt: string,
  how: Decoding,
): Promise<string> {
  const method = findMethod(how.method);
  if (!method) throw new Error(`there is no method ${how.method}`);
  const promptIds = [BOS, ...encode(prompt)];
  const settings = {
    model: model.id,
    draft: null,
    method: how.method,
    params: readParams(method.params, { ...how.params }).values,
    sampler: { temperature: how.temperature, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    prompt,
    seed: how.seed,
    maxNewTokens: Math.min(how.maxNewTokens, model.gpu.maxContext - promptIds.length),
    begin: null,
    detail: "light" as const,
    profile: false,
  };
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const text = new RunText();
  for await (const event of runMethod(host, settings, { cancelled: false }, counts, promptIds)) {
    text.push(event);
    if (event.kind === "run_end" && event.error) throw new Error(event.error.message);
  }
  return decode(text.tokens());
}

const GREEDY = { params: {}, temperature: 0, seed: 1 };

async function accuracy(
  host: EngineHost,
  model: HostedModel,
  problems: readonly Problem[],
  how: Decoding,
): Promise<number> {
  let right = 0;
  for (const { prompt } of problems) if (judge(prompt, await answerOf(host, model, prompt, how)).ok) right++;
  return right;
}

const figure = (id: string, label: string, right: number, count: number): Figure => ({
  id,
  label,
  value: share(right, count),
  unit: "share",
  count,
  of: "test problems",
});

/** What has a figure of its own: tasks, and levels of those whose levels differ in kind. */
const casesOf = (ids: readonly string[]): { readonly task: Task; readonly level: number | undefined }[] =>
  tasks
    .filter(({ id }) => ids.includes(id))
    .flatMap((task) => {
      const levels = task.id === "countdown" || task.id === "hops" ? task.levels : [undefined];
      return levels.map((level) => ({ task, level }));
    });
const idOf = (task: Task, level: number | undefined): string =>
  level === undefined ? task.id : `${task.id}_${level}`;
const nameOf = (task: Task, level: number | undefined): string =>
  level === undefined ? task.label : `${task.label}, ${level} ${task.levelMeans.split(",")[0] ?? ""}`;

/** Greedy accuracy of a causal model on every task. */
export async function causalTaskFigures(
  host: EngineHost,
  model: HostedModel,
  ids: readonly string[],
  count: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { task, level } of casesOf(ids)) {
    const how = { ...GREEDY, method: "autoregressive", maxNewTokens: task.longest };
    const right = await accuracy(host, model, problemsOf(task, count, level), how);
    figures.push(figure(idOf(task, level), `${nameOf(task, level)}, greedy`, right, count));
  }
  return figures;
}

/**
 * Greedy accuracy of a model of recurrent depth by how often its core runs, 1 to as often as training used on average; a
 * curve for each number of hops.
 */
export async function taskFiguresByDepth(
  host: EngineHost,
  model: HostedModel,
  ids: readonly string[],
  count: number,
): Promise<Figure[]> {
  const depths = Array.from({ length: model.gpu.recurrence!.trainedRecurrence }, (_, i) => i + 1);
  const figures: Figure[] = [];
  for (const { task, level } of casesOf(ids)) {
    const problems = problemsOf(task, count, level);
    for (const depth of depths) {
      const params = { criterion: "none", recurrences: depth };
      const how = { ...GREEDY, params, method: "recurrent", maxNewTokens: task.longest };
      const right = await accuracy(host, model, problems, how);
      const named = `${nameOf(task, level)}, ${depth} recurrence${depth === 1 ? "" : "s"}`;
      const curve = { label: nameOf(task, level), recurrences: depth };
      figures.push({ ...figure(`${idOf(task, level)}_depth_${depth}`, named, right, count), curve });
    }
  }
  return figures;
}

/** Problems that some of `samples` samples at temperature 1 solves, by the exact checker. */
export async function bestOfFigures(
  host: EngineHost,
  model: HostedModel,
  task: Task,
  options: { readonly level: number; readonly count: number; readonly samples: number },
): Promise<Figure[]> {
  const { level, count, samples } = options;
  let [solved, right] = [0, 0];
  for (const { prompt } of problemsOf(task, count, level)) {
    let hits = 0;
    for (let seed = 0; seed < samples; seed++) {
      const how = { method: "autoregressive", params: {}, temperature: 1, seed, maxNewTokens: task.longest };
      if (judge(prompt, await answerOf(host, model, prompt, how)).ok) hits++;
    }
    right += hits;
    if (hits > 0) solved++;
  }
  const name = `${task.label}, ${level} ${task.levelMeans}`;
  return [
    { ...figure(`${task.id}_${level}_pass1`, `${name}, one sample`, right, count * samples), of: "samples" },
    figure(
      `${task.id}_${level}_best${samples}`,
      `${name}, best of ${samples} samples by the exact checker`,
      solved,
      count,
    ),
  ];
}

/** Accuracy of a model that fills masks on the tasks it was trained on, `perStep` tokens a step, the surest first. */
export async function maskedTaskFigures(
  host: EngineHost,
  model: HostedModel,
  ids: readonly string[],
  count: number,
  perStep: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const task of tasks.filter(({ id }) => ids.includes(id))) {
    const how = {
      ...GREEDY,
      method: "low-confidence",
      params: { tokensPerStep: perStep },
      maxNewTokens: task.longest,
    };
    const right = await accuracy(host, model, problemsOf(task, count), how);
    const suffix = perStep === 1 ? "one token a step" : `${perStep} tokens a step`;
    figures.push(
      figure(perStep === 1 ? task.id : `${task.id}_${perStep}`, `${task.label}, ${suffix}`, right, count),
    );
  }
  return figures;
}
