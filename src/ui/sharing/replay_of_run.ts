/** The run on the stage as a file that replays it. */
import { writeReplay } from "../../share/replay_file";
import { fetchText } from "../fetched";
import { kindOf } from "../moment";
import { makeLink } from "../share_link";
import { useLayout } from "../stores/layout";
import { shownMoment, stepEndedBy } from "../stores/player";
import { useRun } from "../stores/run";
import { writeTrace } from "../trace_file";
import { shownView } from "../views/index";

/** The page without a recording; made by scripts/replay_page.ts. */
const TEMPLATE = "replay.html";

export interface ReplayFile {
  readonly name: string;
  readonly blob: Blob;
  /** Bytes of the recording in it, compressed. */
  readonly traceBytes: number;
}

/** Makes the file, as the stage is now. @throws DecoscopeError if its parts cannot be fetched */
export async function replayOfRun(): Promise<ReplayFile> {
  const template = await fetchText(TEMPLATE);
  const { timeline, latest } = useRun.getState();
  const trace = writeTrace(timeline.events);
  const html = writeReplay(template, trace, {
    view: shownView(useLayout.getState().view, kindOf(latest)).head.id,
    step: stepEndedBy(timeline, shownMoment()),
    home: makeLink("settings"),
  });
  const { start } = latest;
  return {
    name: `decoscope-${start ? `${start.method}-seed-${start.seed}` : "run"}.html`,
    blob: new Blob([html], { type: "text/html" }),
    traceBytes: trace.length,
  };
}
