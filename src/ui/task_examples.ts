/** Problems as prompts for the task models, and what changes with them in the setup. */
import { drawProblem, findTask, taskOfPrompt, tasks, type Task } from "../tasks";
import { encode } from "../tasks/vocabulary";
import { fits, methodOf, methods, modelOf, models } from "./definitions";
import { remember } from "./remember";
import { DEFAULT_PROMPT, setMethod, setModel, useSettings } from "./stores/settings";
import { offerUndo } from "./stores/undo";

/** Seed of the examples; training and evaluation use others. */
const SEED = 2026;

/** The tasks that a model knows, in the order of the generator; none for models of stories. */
export const tasksOf = (model: string): readonly Task[] => {
  const known = modelOf(model)?.tasks ?? [];
  return tasks.filter(({ id }) => known.includes(id));
};

/** The prompt of an example that no model was trained on. */
export const exampleOf = (task: Task, level: number, number: number): string =>
  drawProblem(task, { seed: SEED, number, split: "test", level }).prompt;

/** So many problems of each level are looked at to learn what prompts of the level look like. */
const LOOKED_AT = 12;

/** A prompt with all letters and all digits made alike: what prompts of one level have in common. */
const shapeOf = (prompt: string): string => prompt.replace(/[a-z]/g, "a").replace(/\d/g, "0");

/** What prompts of each level of a task look like; learned once. */
const shapes = new Map<Task, ReadonlyMap<number, ReadonlySet<string>>>();
function shapesOf(task: Task): ReadonlyMap<number, ReadonlySet<string>> {
  const known = shapes.get(task);
  if (known) return known;
  const of = (level: number): ReadonlySet<string> =>
    new Set(Array.from({ length: LOOKED_AT }, (_, number) => shapeOf(exampleOf(task, level, number))));
  const learned = new Map(task.levels.map((level) => [level, of(level)]));
  shapes.set(task, learned);
  return learned;
}

/** The level of a prompt, whoever wrote it, by what examples of each level look like; null if none or several look like it. */
export function levelOf(task: Task, prompt: string): number | null {
  const shape = shapeOf(prompt);
  const able = [...shapesOf(task)].filter(([, seen]) => seen.has(shape));
  return able.length === 1 ? able[0]![0] : null;
}

/** Room for an answer: the task's longest, as far as the model's context goes. One token of it begins the prompt. */
function roomFor(model: string, task: Task, prompt: string): number {
  const context = modelOf(model)?.contextLength ?? Infinity;
  return Math.min(task.longest, context - encode(prompt).length - 1);
}

/** Puts a problem into the setup: its prompt, room for the answer, and the most probable tokens, which are its answer. */
export function takeExample(taskId: string, level: number, number: number): void {
  const { isOwn, prompt: before } = useSettings.getState();
  if (isOwn && taskOfPrompt(before) === null && before !== DEFAULT_PROMPT)
    offerUndo("A problem took the place of the prompt.", remember(true));
  const task = findTask(taskId);
  const prompt = exampleOf(task, level, number);
  useSettings.setState((s) => ({
    begin: null,
    isOwn: true,
    prompt,
    maxNewTokens: roomFor(s.model, task, prompt),
    sampler: { ...s.sampler, temperature: 0 },
  }));
}

/** The level in the middle: lists that fill a line, puzzles that are no trifle. */
export const middleLevel = ({ levels }: Task): number => levels[Math.floor(levels.length / 2)] as number;

/** Puts a problem of any task into the setup, with a model that knows the task and a method that runs on it. */
export function openProblem(taskId: string): void {
  const task = findTask(taskId);
  const { isOwn, model, method } = useSettings.getState();
  const restore = remember(true);
  if (!tasksOf(model).includes(task)) {
    const able = models.filter((m) => m.tasks.includes(taskId));
    const next = able.find((m) => m.kind === "masked") ?? able[0];
    if (!next) return;
    const runs = [methodOf(method), ...methods].find((m) => m && fits(m, next.id));
    if (runs) setMethod(runs.id);
    setModel(next.id);
  }
  takeExample(taskId, middleLevel(task), 0);
  if (isOwn) offerUndo(`A problem of ${task.label} took the place of prompt and settings.`, restore);
}

/** Changes the prompt if the chosen model has another tokenizer than the one given. */
export function followModel(tokenizer: string): void {
  const { model } = useSettings.getState();
  if (modelOf(model)?.tokenizer === tokenizer) return;
  const known = tasksOf(model);
  // What repeating layers is for shows in the longest chains of lookups, not in copies.
  const isDeep = modelOf(model)?.recurrence !== undefined;
  const task = isDeep ? known.at(-1) : known[0];
  if (task) takeExample(task.id, isDeep ? Math.max(...task.levels) : middleLevel(task), 0);
  else useSettings.setState({ prompt: DEFAULT_PROMPT, begin: null });
}
