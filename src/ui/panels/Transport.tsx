/** The timeline under the stage: buttons, film strip, scrubber with marks, speed. */
import { lazy, Suspense } from "react";
import { useMoment } from "../moment";
import { stepBack, stepForward, togglePlay, useIsMoving } from "../playback";
import { useEngine } from "../stores/engine";
import { SPEEDS, usePlayer, type Speed } from "../stores/player";
import { useRun } from "../stores/run";
import { FilmStrip } from "./FilmStrip";
import { BackIcon, ForwardIcon, PauseIcon, PlayIcon } from "./icons";
import { STEP_FORWARD } from "./step_forward";
import { Scrubber } from "./Scrubber";

/** Fetched with the first branch. */
const Branches = lazy(async () => ({ default: (await import("./Branches")).Branches }));

function SpeedPicker() {
  const speed = usePlayer((s) => s.speed);
  return (
    <label className="speed">
      <span className="visually-hidden">Speed</span>
      <select value={speed} onChange={(e) => usePlayer.setState({ speed: Number(e.target.value) as Speed })}>
        {SPEEDS.map((s) => (
          <option key={s} value={s}>
            {s === 0.5 ? "\u00bd" : s}×
          </option>
        ))}
      </select>
    </label>
  );
}

export function Transport() {
  const { step, ended, total, isNewest } = useMoment();
  const isMoving = useIsMoving();
  const isPaused = useEngine((s) => s.phase === "paused");
  const isAwaited = useEngine((s) => s.isAwaited);
  const hasBranches = useRun((s) => s.known.length > 1);
  const isOver = isNewest && !isPaused;
  return (
    <section className="transport" aria-label="Timeline">
      <Suspense fallback={null}>{hasBranches && <Branches />}</Suspense>
      <FilmStrip step={step} ended={ended} />
      <div className="transport-row">
        <div className="transport-buttons">
          <button
            type="button"
            className="quiet square"
            aria-label="Step back"
            title="Step back (←)"
            onClick={stepBack}
            disabled={step < 0}
          >
            <BackIcon />
          </button>
          <button
            type="button"
            className="primary square round"
            aria-label={isMoving ? "Pause" : "Play"}
            title={isMoving ? "Pause (space)" : "Play (space)"}
            onClick={togglePlay}
            disabled={isAwaited || (total === 0 && !isMoving)}
          >
            {isMoving ? <PauseIcon /> : <PlayIcon />}
          </button>
          <button
            type="button"
            className="quiet square"
            id={STEP_FORWARD}
            aria-label="Step forward"
            title="Step forward (→)"
            onClick={stepForward}
            disabled={isOver && !isMoving}
          >
            <ForwardIcon />
          </button>
        </div>
        <Scrubber step={step} ended={ended} total={total} />
        <output className="step-count figures" data-testid="step-count" aria-label="Step">
          {step < 0 ? "prompt" : step + 1}
          <span> / {total}</span>
        </output>
        <SpeedPicker />
      </div>
    </section>
  );
}
