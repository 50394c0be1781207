/** The branches of a run: one track each, from the step it left on. Shows any of them again, or forgets it. */
import { visiblePiece } from "../format";
import { forget, returnTo, undoBranch } from "../engine";
import { remember } from "../remember";
import { offerUndo } from "../stores/undo";
import { useRun, type KnownRun } from "../stores/run";
import { CloseIcon, UndoIcon } from "./icons";
import "./branches.css";

/** A run's place among the tracks: how deep it is nested, and where along the first run's steps it begins and ends. */
export interface Track {
  readonly run: KnownRun;
  readonly nesting: number;
  /** Rounds of the whole text before its own first one. */
  readonly start: number;
  readonly end: number;
}

/** Tracks in the order of a tree: each run, then what left it, in the order of making. */
export function tracksOf(known: readonly KnownRun[]): readonly Track[] {
  const tracks: Track[] = [];
  const add = (run: KnownRun, nesting: number, before: number): void => {
    const start = run.leaves ? before + run.leaves.step : 0;
    tracks.push({ run, nesting, start, end: start + run.timeline.latest.rounds.length });
    for (const other of known) if (other.leaves?.run === run.id) add(other, nesting + 1, start);
  };
  for (const run of known) if (!run.leaves) add(run, 0, 0);
  return tracks;
}

const nameOf = ({ leaves }: KnownRun): string =>
  leaves
    ? `from step ${leaves.step + 1}: \u201c${visiblePiece(leaves.forced)}\u201d`
    : "the run it all began with";

export function Branches() {
  const known = useRun((s) => s.known);
  const current = useRun((s) => s.current);
  // The tracks of a live branch grow with it.
  useRun((s) => s.latest.rounds.length);
  if (known.length < 2) return null;
  const tracks = tracksOf(known);
  const most = Math.max(1, ...tracks.map((t) => t.end));
  const at = known.find((k) => k.id === current);
  const leaves = at?.leaves ?? null;
  return (
    <div className="branches" data-testid="branches">
      <div className="branches-head">
        <h3 className="section-name">Branches</h3>
        {leaves && (
          <button
            type="button"
            className="quiet"
            data-testid="undo-branch"
            title="Back to the run this branch left (U)"
            onClick={undoBranch}
          >
            <UndoIcon /> Back to where it left
          </button>
        )}
      </div>
      <ol>
        {tracks.map(({ run, nesting, start, end }) => (
          <li key={run.id} data-current={run.id === current || undefined}>
            <button
              type="button"
              className="track"
              aria-current={run.id === current ? "true" : undefined}
              onClick={() => returnTo(run.id, null)}
            >
              <span className="track-name" style={{ paddingLeft: nesting * 12 }}>
                {run.leaves ? (
                  <>
                    <span className="figures">step {run.leaves.step + 1}</span>{" "}
                    <strong>{visiblePiece(run.leaves.forced)}</strong>
                  </>
                ) : (
                  "First run"
                )}
              </span>
              <span className="track-line" aria-hidden="true">
                <span style={{ left: `${(start / most) * 100}%`, right: `${(1 - end / most) * 100}%` }} />
              </span>
              <span className="visually-hidden">
                , {nameOf(run)}, {end - start} steps
              </span>
            </button>
            {run.leaves ? (
              <button
                type="button"
                className="quiet square small"
                aria-label={`Forget the branch ${nameOf(run)}`}
                title="Forget this branch"
                onClick={() => {
                  const restore = remember();
                  forget(run.id);
                  offerUndo(`The branch ${nameOf(run)} was forgotten.`, restore);
                }}
              >
                <CloseIcon />
              </button>
            ) : (
              <span />
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}
