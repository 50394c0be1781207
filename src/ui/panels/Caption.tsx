/** The line above the text: which run this is, and the way to an explanation. */
import { keptLabel, labelOf, modelsLabel } from "../definitions";
import { plural } from "../format";
import { closeTour, openTour, useLayout } from "../stores/layout";
import { useRun, type RunSource } from "../stores/run";
import { CompareLink } from "./CompareLink";
import { FromStart, OpenedAt } from "./Opened";

const SOURCE_NAME: Readonly<Record<RunSource["kind"], string>> = {
  none: "",
  recorded: "Recorded run",
  live: "Live run",
  file: "Trace file",
  link: "Run from a link",
};

export function Caption() {
  const source = useRun((s) => s.source);
  const start = useRun((s) => s.latest.start);
  const status = useRun((s) => s.latest.status);
  const isTourOpen = useLayout((s) => s.isTourOpen);
  const isReplayOnly = useLayout((s) => s.isReplayOnly);
  return (
    <div className="caption">
      <div className="caption-facts">
        <strong>{SOURCE_NAME[source.kind]}</strong>
        {source.kind === "file" && <span>{source.name}</span>}
        {start && (
          <>
            <span>{labelOf(start.method)}</span>
            <span>{modelsLabel(start)}</span>
            {start.kept?.map((kept) => (
              <span key={kept.model}>{keptLabel(kept)}</span>
            ))}
            <span className="figures">temperature {start.sampler.temperature}</span>
            <span className="figures">seed {start.seed}</span>
          </>
        )}
        {start?.begin && (
          <span className="figures">
            begins with {plural(start.begin.tokens.filter((token) => token !== null).length, "given token")}
          </span>
        )}
        {status.state === "ended" && status.reason === "cancelled" && <span>cancelled</span>}
        <OpenedAt />
      </div>
      {start && (
        <span className="caption-actions">
          <FromStart />
          <button
            type="button"
            className="caption-button"
            aria-expanded={isTourOpen}
            onClick={isTourOpen ? closeTour : openTour}
          >
            What am I looking at?
          </button>
          {!isReplayOnly && <CompareLink what="stage" />}
        </span>
      )}
    </div>
  );
}
