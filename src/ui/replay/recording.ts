/** The recording in the file that this page is: read once, at the start. */
import { fromBase64, REPLAY_ID, webAddress, type ReplayShown } from "../../share/replay_file";
import { report } from "../engine";
import { showTrace } from "../files";
import { showStep } from "../stores/player";
import { setView, useLayout } from "../stores/layout";
import { useRun } from "../stores/run";
import { readTrace } from "../trace_file";

const holder = (): HTMLElement | null => document.getElementById(REPLAY_ID);

/** Address of the page that saved the file, with the settings of the run; null if it has none. */
export const homeOf = (): ReplayShown["home"] => webAddress(holder()?.dataset["home"] ?? null);

/** Puts the recording on the stage as it was shown when it was saved; says what is wrong with one that cannot be read. */
export function openRecording(): void {
  useLayout.setState({ isReplayOnly: true });
  const { dataset, textContent } = holder() ?? {};
  try {
    if (!dataset || !textContent)
      throw new Error(
        "This page replays recorded runs, and there is no recording in it. Save one with Share in Decoscope.",
      );
    const { events } = readTrace(fromBase64(textContent));
    showTrace({ kind: "recorded" }, events);
    setView(dataset["view"] ?? "");
    const step = Number(dataset["step"]);
    if (Number.isInteger(step) && step >= -1) {
      showStep(step);
      useLayout.setState({ opened: { timeline: useRun.getState().timeline, step } });
    }
    const { start } = useRun.getState().latest;
    if (start) document.title = `${start.prompt.trim().slice(0, 60)} \u00b7 Decoscope`;
  } catch (thrown) {
    report(thrown);
  }
}
