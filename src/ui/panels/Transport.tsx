/** The timeline under the stage: buttons, film strip, scrubber with marks, speed. */
import { memo, useEffect, useRef } from "react";
import { marksOf, tokensOfRound, type Mark, type RoundView } from "../../trace/view";
import { useMoment } from "../moment";
import { goTo, stepBack, stepForward, togglePlay, useIsMoving } from "../playback";
import { useEngine } from "../stores/engine";
import { SPEEDS, usePlayer, type Speed } from "../stores/player";
import { useRun } from "../stores/run";
import { describeRound, Stamp } from "../views/thumbnail";
import { Branches } from "./Branches";
import { BackIcon, ForwardIcon, PauseIcon, PlayIcon } from "./icons";

const STAMP = { width: 58, height: 38 };

const Frame = memo(function Frame({
  round,
  isCurrent,
  isAhead,
}: {
  round: RoundView;
  isCurrent: boolean;
  isAhead: boolean;
}) {
  return (
    <button
      type="button"
      className="frame"
      tabIndex={isCurrent ? 0 : -1}
      aria-current={isCurrent ? "step" : undefined}
      aria-label={describeRound(round)}
      data-ahead={isAhead || undefined}
      onClick={() => goTo(round.step)}
    >
      <svg
        width={STAMP.width}
        height={STAMP.height}
        viewBox={`0 0 ${STAMP.width} ${STAMP.height}`}
        aria-hidden="true"
      >
        <Stamp round={round} width={STAMP.width} height={STAMP.height} />
      </svg>
      <span className="figures">{round.step + 1}</span>
    </button>
  );
});

/** Every step as a small tree or canvas; the shown one stays in sight. */
function FilmStrip({ step, ended }: { readonly step: number; readonly ended: number }) {
  const rounds = useRun((s) => s.latest.rounds);
  const strip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = strip.current;
    const frame = box?.children[Math.max(0, step)] as HTMLElement | undefined;
    if (!box || !frame) return;
    const left = frame.offsetLeft - box.offsetLeft;
    if (left < box.scrollLeft + 40 || left + frame.offsetWidth > box.scrollLeft + box.clientWidth - 40)
      box.scrollLeft = left - box.clientWidth / 2 + frame.offsetWidth / 2;
  }, [step, rounds.length]);
  return (
    <div
      className="film"
      ref={strip}
      role="group"
      aria-label="All steps"
      onKeyDown={(e) => {
        const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
        const next =
          by === 0 ? undefined : (strip.current?.children[Math.max(0, step) + by] as HTMLElement | undefined);
        if (by === 0) return;
        e.preventDefault();
        e.stopPropagation();
        if (!next) return;
        next.click();
        next.focus({ preventScroll: true });
      }}
    >
      {rounds.toArray().map((round) => (
        <Frame
          key={round.step}
          round={round}
          isCurrent={round.step === step}
          isAhead={round.step > Math.max(ended, step)}
        />
      ))}
    </div>
  );
}

const MARK_NAME: Readonly<Record<Mark["kind"], string>> = {
  first_rejection: "First rejection",
  whole_path: "A whole path accepted",
  residual: "Resampled after rejection",
  retract: "Text taken back",
  early_commit: "Everything left committed at once",
  cache_refresh: "Every row computed again",
  block: "A new block",
  warning: "Warning",
  longest_round: "Most tokens in one step",
  end: "End",
};
/** Marks that would stand at nearly every step say nothing on the timeline. */
const SHOWN_MARKS: ReadonlySet<Mark["kind"]> = new Set([
  "first_rejection",
  "retract",
  "early_commit",
  "cache_refresh",
  "block",
  "warning",
  "longest_round",
]);

function Scrubber({
  step,
  ended,
  total,
}: {
  readonly step: number;
  readonly ended: number;
  readonly total: number;
}) {
  const latest = useRun((s) => s.latest);
  const rounds = latest.rounds.toArray();
  const most = Math.max(1, ...rounds.map(tokensOfRound));
  const at = (s: number): number => (total === 0 ? 0 : ((s + 1) / total) * 100);
  // Within a step the thumb stands halfway to its end.
  const shown = step > ended ? ended + 0.5 : ended;
  return (
    <div className="scrubber">
      <svg className="scrubber-bars" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
        {rounds.map((r) => {
          const height = (tokensOfRound(r) / most) * 20;
          const width = Math.min(1.1, 60 / Math.max(1, total));
          return (
            <rect
              key={r.step}
              x={at(r.step) - width / 2}
              y={22 - height}
              width={width}
              height={height}
              fill={r.step <= ended ? "var(--accepted)" : "var(--rule-strong)"}
            />
          );
        })}
        <rect x={0} y={22} width={100} height={1} fill="var(--rule-strong)" />
      </svg>
      {marksOf(latest)
        .filter((m) => SHOWN_MARKS.has(m.kind))
        .map((m) => (
          <button
            key={`${m.kind}-${m.event}`}
            type="button"
            className="mark"
            data-kind={m.kind}
            tabIndex={-1}
            style={{ left: `${at(m.step)}%` }}
            title={`${MARK_NAME[m.kind]}: step ${m.step + 1}`}
            aria-label={`${MARK_NAME[m.kind]}: step ${m.step + 1}`}
            onClick={() => goTo(m.step)}
          />
        ))}
      <div className="scrubber-thumb" style={{ left: `${at(shown)}%` }} />
      <input
        type="range"
        aria-label="Timeline"
        aria-valuetext={ended < 0 ? "Prompt" : `Step ${ended + 1} of ${total}`}
        min={0}
        max={Math.max(total, 1)}
        step={1}
        value={ended + 1}
        disabled={total === 0}
        onChange={(e) => goTo(Number(e.target.value) - 1)}
      />
    </div>
  );
}

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
  const isOver = isNewest && !isPaused;
  return (
    <section className="transport" aria-label="Timeline">
      <Branches />
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
            disabled={total === 0 && !isMoving}
          >
            {isMoving ? <PauseIcon /> : <PlayIcon />}
          </button>
          <button
            type="button"
            className="quiet square"
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
