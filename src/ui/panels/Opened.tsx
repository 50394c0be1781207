/** Why a run stands where it stands when it is opened, and the way to its beginning. */
import type { RunView } from "../../trace/view";
import { earlyStep } from "../early_step";
import { goTo, play } from "../playback";
import { useLayout } from "../stores/layout";
import { useRun } from "../stores/run";

/** The step a finished run was opened at; null after it was played from its start, and in any other run. */
function useOpened(): number | null {
  const opened = useLayout((s) => s.opened);
  const timeline = useRun((s) => s.timeline);
  return opened?.timeline === timeline && opened.step >= 0 ? opened.step : null;
}

/** Where a run was opened, and what that step shows. */
export function openedWords(view: RunView, step: number): string {
  if (step === earlyStep(view)) return `opened at step ${step + 1}, which stops it early`;
  if (step >= view.rounds.length - 1) return "opened at its last step";
  const round = view.rounds.at(step);
  const has = (state: "accepted" | "rejected"): boolean =>
    round?.nodes.some((n) => n.state === state) ?? false;
  const shows = round?.canvas
    ? ", half filled in"
    : has("accepted")
      ? has("rejected")
        ? ", which keeps and rejects drafts"
        : ", which keeps drafts"
      : "";
  return `opened at step ${step + 1}${shows}`;
}

export function OpenedAt() {
  const step = useOpened();
  const latest = useRun((s) => s.latest);
  return step === null ? null : <span data-testid="opened">{openedWords(latest, step)}</span>;
}

export function FromStart() {
  if (useOpened() === null) return null;
  return (
    <button
      type="button"
      className="caption-button"
      onClick={() => {
        useLayout.setState({ opened: null });
        goTo(-1);
        play();
      }}
    >
      Play from the start
    </button>
  );
}
