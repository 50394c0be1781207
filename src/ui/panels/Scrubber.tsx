/** The bar under the film strip: what each step committed, marks, and the thumb that moves through the run. */
import { memo } from "react";
import { marksOf, tokensOfRound, type Mark, type RoundView } from "../../trace/view";
import { goTo } from "../playback";
import { useRun } from "../stores/run";

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

/** Px of the svg that the highest bar takes; its lower end stands at {@link FOOT}. */
const BAR = 20;
const FOOT = 22;

interface BarsProps {
  readonly rounds: readonly RoundView[];
  /** How many of these steps the shown moment has come to. */
  readonly come: number;
  /** Tokens of the highest bar, and width of all, in steps. */
  readonly most: number;
  readonly width: number;
}

/** The bars of a few steps: those that the moment has come to, then the others. A step stands at its end. */
const Bars = memo(function Bars({ rounds, come, most, width }: BarsProps) {
  const pathOf = (some: readonly RoundView[]): string =>
    some
      .map((r) => {
        const height = (tokensOfRound(r) / most) * BAR;
        return height > 0 ? `M${r.step + 1 - width / 2},${FOOT}h${width}v${-height}h${-width}Z` : "";
      })
      .join("");
  return (
    <>
      <path d={pathOf(rounds.slice(0, come))} fill="var(--accepted)" />
      <path d={pathOf(rounds.slice(come))} fill="var(--rule-strong)" />
    </>
  );
});

interface ScrubberProps {
  readonly step: number;
  readonly ended: number;
  readonly total: number;
}

export function Scrubber({ step, ended, total }: ScrubberProps) {
  const latest = useRun((s) => s.latest);
  const parts = latest.rounds.parts();
  const most = Math.max(1, ...latest.rounds.toArray().map(tokensOfRound));
  const at = (s: number): number => (total === 0 ? 0 : ((s + 1) / total) * 100);
  // Within a step the thumb stands halfway to its end.
  const shown = step > ended ? ended + 0.5 : ended;
  const steps = Math.max(1, total);
  const width = Math.min(0.011 * steps, 0.6);
  return (
    <div className="scrubber">
      <svg
        className="scrubber-bars"
        viewBox={`0 0 ${steps} 24`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {parts.map((rounds, k) => (
          <Bars
            key={k}
            rounds={rounds}
            come={Math.min(rounds.length, Math.max(0, ended + 1 - (rounds[0]?.step ?? 0)))}
            most={most}
            width={width}
          />
        ))}
        <rect x={0} y={FOOT} width={steps} height={1} fill="var(--rule-strong)" />
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
