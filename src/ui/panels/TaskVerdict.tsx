/** Whether the answer on the stage is right, by the task's own checker; for runs of models that solve tasks. */
import { judge } from "../../tasks";
import { VOCABULARY, EOS } from "../../tasks/vocabulary";
import type { RunView } from "../../trace/view";
import { modelOf } from "../definitions";
import { useMoment } from "../moment";
import { useRun } from "../stores/run";

/** The verdict on a finished run, or null where there is nothing to judge. */
export function verdictOf(view: RunView): ReturnType<typeof judge> | null {
  const { start, status, text } = view;
  if (!start || status.state !== "ended" || status.reason === "error" || status.reason === "cancelled")
    return null;
  if ((modelOf(start.model)?.tasks.length ?? 0) === 0) return null;
  const [answer = ""] = text.split(VOCABULARY[EOS] as string);
  return judge(start.prompt, answer);
}

/** Whether a moment shows all of the answer: nothing of it is masked or still to be written. */
export const isDecided = (shown: RunView, latest: RunView): boolean =>
  shown.text === latest.text && (shown.canvas?.cells.every((cell) => cell.status !== "masked") ?? true);

/** Why there is no verdict at a moment. */
function openWords({ status }: RunView): string {
  if (status.state !== "ended") return "The answer is not finished.";
  return status.reason === "error" || status.reason === "cancelled"
    ? "The run ended before its answer was finished."
    : "The answer is not finished at this step.";
}

export function TaskVerdict() {
  const latest = useRun((s) => s.latest);
  const { view } = useMoment();
  const found = isDecided(view, latest) ? verdictOf(latest) : null;
  // Its line is always there, so that nothing moves when the verdict comes.
  if (!found) return <p className="task-verdict">{openWords(latest)}</p>;
  return (
    <p className="task-verdict" role="status" data-testid="task-verdict" data-ok={found.ok}>
      {found.ok ? (
        <>
          <span aria-hidden="true">{"\u2713"}</span> The answer is right.
        </>
      ) : (
        <>
          <span aria-hidden="true">{"\u2717"}</span> The answer is not right: {found.why}.
        </>
      )}
    </p>
  );
}
