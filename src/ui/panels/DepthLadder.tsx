/** A position of a run of recurrent depth in the inspector: its signal, and what the model would have said after each recurrence. */
import { useRef } from "react";
import type { RunView } from "../../trace/view";
import { probability } from "../format";
import { SignalCurve } from "../views/depth/curve";
import { ladderOf } from "../views/depth/ladder";
import { useSize } from "./use_size";

const short = (v: number): string => (v === 0 ? "0" : v < 0.001 ? v.toExponential(1) : v.toPrecision(2));

interface DepthLadderProps {
  readonly view: RunView;
  /** Steps after this one are not told of. */
  readonly step: number;
  readonly position: number;
}

export function DepthLadder({ view, step, position }: DepthLadderProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSize(frame)?.width ?? 0;
  const ladder = ladderOf(view, step, position);
  if (!ladder) return null;
  const { label, end, rungs, scale, threshold } = ladder;
  const isRead = rungs.some((rung) => rung.said !== null);
  const hasChances = rungs.some((rung) => rung.p !== null);
  return (
    <section aria-label="After each recurrence" data-testid="depth-ladder">
      <h2 className="section-name">After each recurrence of {label}</h2>
      <p className="help">{end}.</p>
      <div ref={frame}>{width > 0 && <SignalCurve ladder={ladder} width={width} />}</div>
      <p className="help">
        {scale.title}
        {threshold === null ? "." : `; dashed: ${threshold}.`}
      </p>
      {isRead ? (
        <table className="laws">
          <caption className="help">What the model would say next if it stopped there</caption>
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col">after</th>
              {hasChances && <th scope="col">p</th>}
              <th scope="col">signal</th>
            </tr>
          </thead>
          <tbody>
            {rungs.map((rung) => (
              <tr key={rung.recurrences} data-chosen={rung.isFinal || undefined}>
                <th scope="row">{rung.said ?? "\u2013"}</th>
                <td className="figures">{rung.recurrences}</td>
                {hasChances && (
                  <td className="figures">{rung.p === null ? "\u2013" : probability(rung.p)}</td>
                )}
                <td className="figures">{rung.value === null ? "new" : short(rung.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p className="help">
          The prompt&rsquo;s tokens were not read out: a readout costs more than a recurrence.
        </p>
      )}
    </section>
  );
}
