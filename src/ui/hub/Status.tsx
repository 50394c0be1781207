/** How what was asked for goes on: what is under way, what went wrong, what is done. */
import { modelOf } from "../definitions";
import { bytes } from "../format";
import { hrefOf } from "../routes";
import { choose, nameOf, stopFetching, useHub } from "./store";

function Progress() {
  const busy = useHub((s) => s.busy);
  const name = useHub((s) => s.name);
  const progress = useHub((s) => s.progress);
  if (busy === null) return null;
  const total = progress?.totalBytes ?? null;
  const isDownload = busy === "fetching" && progress?.stage === "download";
  const label = nameOf(name);
  const fetching = name.startsWith("./") ? `Reading ${label}` : `Fetching ${label}`;
  const what = {
    asking: `Asking about ${label}`,
    fetching: progress && !isDownload ? `Moving ${label} to the GPU` : fetching,
    keeping: `Storing how ${label} is kept`,
    deleting: `Deleting ${label}`,
  }[busy];
  return (
    <div className="hub-progress" role="status" data-testid="hub-progress">
      <p>
        <strong>{what}</strong>
        {isDownload && (
          <span className="figures" data-testid="hub-bytes">
            {bytes(progress.loadedBytes)}
            {total === null ? "" : ` of ${bytes(total)}`}
          </span>
        )}
      </p>
      <progress
        {...(isDownload && total ? { value: Math.min(1, progress.loadedBytes / total) } : {})}
        max={1}
        aria-label={what}
      />
      {busy === "fetching" && (
        <button type="button" onClick={() => void stopFetching()}>
          Stop, keep what came
        </button>
      )}
    </div>
  );
}

function Problem() {
  const problem = useHub((s) => s.problem);
  if (!problem) return null;
  return (
    <div className="hub-problem" role="alert" data-testid="hub-problem" data-reason={problem.reason ?? ""}>
      <p>{problem.message}</p>
      {problem.detail && (
        <details>
          <summary>Details</summary>
          <pre>{problem.detail}</pre>
        </details>
      )}
    </div>
  );
}

function Done() {
  const done = useHub((s) => s.done);
  if (!done) return null;
  return (
    <p className="hub-done" role="status" data-testid="hub-done">
      <strong>{nameOf(done.id)}</strong>{" "}
      {done.kept
        ? `keeps its weights in ${done.kept.storage} and keys and values in ${done.kept.cacheStorage} from its next run on, on later visits too.`
        : "is loaded."}{" "}
      <a href={hrefOf("playground")} onClick={() => choose(done.id)}>
        Run it in the playground
      </a>
      {done.kept === null && modelOf(done.id)?.kind === "causal" && (
        <>
          {" or "}
          <a href={hrefOf("chat")} onClick={() => void chatWith(done.id)}>
            chat with it
          </a>
        </>
      )}
    </p>
  );
}

/** Chooses the model in the Chat place, whose code comes with the first visit there. */
async function chatWith(id: string): Promise<void> {
  const { chooseModel, useChat } = await import("../chat/store");
  if (useChat.getState().busy === null) chooseModel(id);
}

export function Status() {
  return (
    <>
      <Problem />
      <Progress />
      <Done />
    </>
  );
}
