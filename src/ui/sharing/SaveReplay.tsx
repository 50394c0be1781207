/** Saves the run as a file that replays it, and says what the file holds and how large it is before it does. */
import { useEffect, useState } from "react";
import { toErrorRecord } from "../../base/errors";
import { download } from "../download";
import { bytes } from "../format";
import { replayOfRun, type ReplayFile } from "./replay_of_run";

/** @param isAdvised the link is too long for some of its ways */
export function SaveReplay({ isAdvised }: { readonly isAdvised: boolean }) {
  const [file, setFile] = useState<ReplayFile | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let isWanted = true;
    replayOfRun().then(
      (made) => isWanted && setFile(made),
      (thrown: unknown) => isWanted && setProblem(toErrorRecord(thrown, "load").message),
    );
    return () => {
      isWanted = false;
    };
  }, []);
  return (
    <section className="share-part" aria-labelledby="share-file">
      <h3 id="share-file">As a file</h3>
      <p className="help">
        One page with the recording in it, to attach or to keep. It opens in any current browser and shows all
        that the stage and the inspector show here, from the step and drawing you see now; no network, model
        or GPU is needed. Whoever has this page can open the file in it and go on from there.
      </p>
      <div className="share-save">
        <button
          type="button"
          className={isAdvised ? "primary" : ""}
          disabled={file === null}
          onClick={() => file && download(file.name, file.blob)}
        >
          Save as HTML file
        </button>
        <p className="help figures" role="status" data-testid="replay-size">
          {problem ??
            (file
              ? `${bytes(file.blob.size)}: ${bytes(file.traceBytes)} of recording, the rest is what draws it`
              : "Putting it together\u2026")}
        </p>
      </div>
    </section>
  );
}
