/** What the visitor has to know now: loading, trouble, warnings. */
import type { ErrorCode } from "../../base/errors";
import { labelOf } from "../definitions";
import { cancel, restart } from "../engine";
import { bytes } from "../format";
import { openRecordedRun } from "../files";
import { hrefOf } from "../routes";
import { dropError, dropNotice, isBusy, useEngine } from "../stores/engine";
import { useLayout } from "../stores/layout";
import { useMoreModels } from "../stores/more_models";
import { useOffline } from "../stores/offline";
import { useRun } from "../stores/run";
import { CloseIcon } from "./icons";

const TITLE: Readonly<Record<ErrorCode, string>> = {
  unsupported: "This browser cannot run models",
  device_lost: "The GPU device was lost",
  shader: "A shader did not compile",
  limit: "Too large",
  load: "Could not be read",
  method: "This run is not possible",
  cancelled: "Cancelled",
};

function Dismiss({ onClick }: { readonly onClick: () => void }) {
  return (
    <button type="button" className="quiet square" aria-label="Dismiss" onClick={onClick}>
      <CloseIcon />
    </button>
  );
}

function Loading() {
  const phase = useEngine((s) => s.phase);
  const progress = useEngine((s) => s.progress);
  const build = useEngine((s) => s.build);
  const isAwaited = useEngine((s) => s.isAwaited);
  const isComing = phase === "opening" || phase === "loading" || phase === "compiling";
  if (!isComing && !isAwaited) return null;
  const total = progress?.totalBytes ?? null;
  const isBuilding = build !== null && (isAwaited || phase === "compiling");
  const share = isBuilding
    ? build.done / build.total
    : progress && total
      ? Math.min(1, progress.loadedBytes / total)
      : null;
  const name = progress ? labelOf(progress.model) : "";
  const what =
    phase === "opening"
      ? "Opening the GPU device"
      : phase === "compiling" || isAwaited
        ? "Compiling the kernels"
        : progress?.stage === "upload"
          ? `Moving ${name} to the GPU`
          : `Loading ${name}`;
  return (
    <div className="notice loading" role="status" data-testid="loading">
      <p>
        <strong>{what}</strong>
        {isBuilding && (
          <span className="figures">
            {build.label.split("/")[0]}, {build.done} of {build.total}
          </span>
        )}
        {phase === "loading" && progress && (
          <span className="figures">
            {bytes(progress.loadedBytes)}
            {total === null ? "" : ` of ${bytes(total)}`}
          </span>
        )}
        {isAwaited && <span>Until its first step, the stage shows the run before.</span>}
      </p>
      <progress {...(share === null ? {} : { value: share })} max={1} aria-label={what} />
      <button type="button" onClick={cancel}>
        {isAwaited ? "Cancel this run" : "Stop loading"}
      </button>
    </div>
  );
}

/** A link may name a model of the hub; what it takes is shown elsewhere, and asked there. */
function Wanted() {
  const wanted = useMoreModels((s) => s.wanted);
  const isReplayOnly = useLayout((s) => s.isReplayOnly);
  if (wanted === null || isReplayOnly) return null;
  return (
    <div className="notice" role="status" data-testid="wanted-model">
      <p>
        This link runs on <strong>{wanted}</strong>, a model of the hub that is not stored here. Everything
        else of it is in place.
      </p>
      <a href={hrefOf("models", wanted)}>See what the model takes</a>
      <Dismiss onClick={() => useMoreModels.setState({ wanted: null })} />
    </div>
  );
}

function Trouble() {
  const error = useEngine((s) => s.error);
  const isLost = useEngine((s) => s.isLost);
  const source = useRun((s) => s.source);
  if (!error) return null;
  return (
    <div className="notice error" role="alert" data-testid="error" data-code={error.code}>
      <div>
        <strong>{error.reason === "storage" ? "No room" : TITLE[error.code]}</strong>
        <p>{error.message}</p>
        {error.detail && (
          <details>
            <summary>Details</summary>
            <pre>{error.detail}</pre>
          </details>
        )}
      </div>
      <div className="notice-actions">
        {isLost && (
          <button type="button" onClick={() => void restart()}>
            Restart the engine
          </button>
        )}
        {error.code === "unsupported" && source.kind !== "recorded" && (
          <button
            type="button"
            onClick={() => {
              dropError();
              void openRecordedRun();
            }}
          >
            Show the recorded run
          </button>
        )}
        <Dismiss onClick={dropError} />
      </div>
    </div>
  );
}

/** Reloading ends a run, so it is never done unasked. */
function NewerVersion() {
  const update = useOffline((s) => s.update);
  const isRunning = useEngine((s) => isBusy(s.phase));
  if (!update) return null;
  return (
    <div className="notice" role="status" data-testid="newer-version">
      <p>
        A newer version of this page is here.{" "}
        {isRunning ? "It can be opened when the run is over." : "Opening it ends what is on the stage."}
      </p>
      <button type="button" onClick={update} disabled={isRunning}>
        Open it
      </button>
      <Dismiss onClick={() => useOffline.setState({ update: null })} />
    </div>
  );
}

export function Notices() {
  const notices = useEngine((s) => s.notices);
  const warnings = useRun((s) => s.latest.warnings);
  return (
    <div className="notices">
      <Loading />
      <Trouble />
      <Wanted />
      <NewerVersion />
      {notices.map((message) => (
        <div key={message} className="notice" role="status" data-testid="notice">
          <p>{message}</p>
          <Dismiss onClick={() => dropNotice(message)} />
        </div>
      ))}
      {warnings.toArray().map((w) => (
        <div key={w.event} className="notice" role="status" data-testid="warning">
          <p>
            <strong>Step {w.step + 1}: </strong>
            {w.message}
          </p>
        </div>
      ))}
    </div>
  );
}
