/** Every step of the run as a stamp, in a row. Runs have hundreds: parts of the row in which nothing changed are left alone. */
import { memo, useEffect, useRef } from "react";
import type { RoundView } from "../../trace/view";
import { goTo } from "../playback";
import { useRun } from "../stores/run";
import { describeRound, Stamp } from "../views/thumbnail";
import { useSize } from "./use_size";

const STAMP = { width: 58, height: 38 };
/** Width of a frame: the stamp and the space around it that .frame in stage.css gives it. */
const FRAME = STAMP.width + 8;
/** Px that stay in sight on both sides of the shown frame. */
const AIR = 40;

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
      data-step={round.step}
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

interface PartProps {
  readonly rounds: readonly RoundView[];
  /** The shown step if it is one of these. */
  readonly current: number | null;
  /** How many of these steps the shown moment has come to. */
  readonly come: number;
}

/** A few frames in a row. */
const Part = memo(function Part({ rounds, current, come }: PartProps) {
  return (
    <div className="film-part" style={{ width: rounds.length * FRAME }}>
      {rounds.map((round, i) => (
        <Frame key={round.step} round={round} isCurrent={round.step === current} isAhead={i >= come} />
      ))}
    </div>
  );
});

/** The shown frame stays in sight. */
export function FilmStrip({ step, ended }: { readonly step: number; readonly ended: number }) {
  const rounds = useRun((s) => s.latest.rounds);
  const strip = useRef<HTMLDivElement>(null);
  const width = useSize(strip)?.width ?? 0;
  // Asking the browser would have it lay out the page in the middle of a change.
  const scrolled = useRef(0);
  useEffect(() => {
    const box = strip.current;
    if (!box) return undefined;
    const left = Math.max(0, step) * FRAME;
    if (left >= scrolled.current + AIR && left + FRAME <= scrolled.current + width - AIR) return undefined;
    // When the browser lays out the page anyway.
    const frame = requestAnimationFrame(() => {
      box.scrollLeft = scrolled.current = Math.max(0, left - width / 2 + FRAME / 2);
    });
    return () => cancelAnimationFrame(frame);
  }, [step, width]);
  return (
    <div
      className="film"
      ref={strip}
      role="group"
      aria-label="All steps"
      onScroll={(e) => {
        scrolled.current = e.currentTarget.scrollLeft;
      }}
      onKeyDown={(e) => {
        const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
        if (by === 0) return;
        e.preventDefault();
        e.stopPropagation();
        const next = strip.current?.querySelector<HTMLElement>(`[data-step="${Math.max(0, step) + by}"]`);
        if (!next) return;
        next.click();
        next.focus({ preventScroll: true });
      }}
    >
      {rounds.parts().map((part, k) => {
        const first = part[0]!.step;
        return (
          <Part
            key={k}
            rounds={part}
            current={step >= first && step < first + part.length ? step : null}
            come={Math.min(part.length, Math.max(0, Math.max(ended, step) + 1 - first))}
          />
        );
      })}
    </div>
  );
}
