/** Examples for the models that solve tasks: choose one, and the prompt is written in the form that they know. */
import { useId, useState } from "react";
import { taskOfPrompt } from "../../tasks";
import { useSettings } from "../stores/settings";
import { levelOf, middleLevel, takeExample, tasksOf } from "../task_examples";

export function TaskExamples() {
  const id = useId();
  const model = useSettings((s) => s.model);
  const prompt = useSettings((s) => s.prompt);
  /** The problem that was taken last, and its prompt. */
  const [taken, setTaken] = useState<{ readonly prompt: string; readonly level: number } | null>(null);
  const [number, setNumber] = useState(0);
  const known = tasksOf(model);
  const [first] = known;
  const inPrompt = taskOfPrompt(prompt);
  const task = known.find((t) => t.id === inPrompt?.id) ?? first;
  // What the prompt says goes before what was chosen: it may have come with a recorded run or been written by hand.
  const level = !task ? null : taken?.prompt === prompt ? taken.level : levelOf(task, prompt);
  if (!first || !task) return null;
  const chosen = level ?? middleLevel(task);
  const take = (taskId: string, atLevel: number, which: number): void => {
    setNumber(which);
    takeExample(taskId, atLevel, which);
    setTaken({ prompt: useSettings.getState().prompt, level: atLevel });
  };
  return (
    <section className="setup-section" aria-label="Task">
      <div className="pick">
        <label className="section-name" htmlFor={id}>
          Task
        </label>
        <select
          id={id}
          value={task.id}
          aria-describedby={`${id}-help`}
          onChange={(e) => {
            const next = known.find((t) => t.id === e.target.value) ?? first;
            take(next.id, middleLevel(next), 0);
          }}
        >
          {known.map((t) => (
            <option key={t.id} value={t.id}>
              {t.label}
            </option>
          ))}
        </select>
      </div>
      <p id={`${id}-help`} className="help">
        {task.summary}
        {task.ambiguous ? " Several answers are right." : ""}
      </p>
      {task.levels.length > 1 && (
        <div className="field">
          <label htmlFor={`${id}-level`}>Difficulty</label>
          <select
            id={`${id}-level`}
            value={level ?? ""}
            aria-describedby={`${id}-level-help`}
            onChange={(e) => take(task.id, Number(e.target.value), number)}
          >
            {level === null && (
              <option value="" disabled>
                as written
              </option>
            )}
            {task.levels.map((l) => (
              <option key={l} value={l}>
                {l}
              </option>
            ))}
          </select>
          <p id={`${id}-level-help`} className="help">
            {`Counts ${task.levelMeans}.`}
          </p>
        </div>
      )}
      <button type="button" className="wide-button" onClick={() => take(task.id, chosen, number + 1)}>
        Another problem
      </button>
      <p className="help">
        Writes the prompt, with open slots as _, makes room for the answer and sets the temperature to 0. None
        of these problems was trained on.
      </p>
    </section>
  );
}
