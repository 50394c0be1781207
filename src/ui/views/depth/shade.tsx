/** The inks of a signal with their values, and where the run draws its line. */
import { inkOf, signals, type SignalId } from "./signals";

const PITCH = 52;

/** What a threshold does to a token. */
const lineOf = (signal: SignalId, threshold: number): string =>
  signal === "gate"
    ? `let in from ${threshold}`
    : `stops ${signal === "stop" || signal === "same" ? "from" : "below"} ${threshold}`;

export function SignalKey({
  signal,
  threshold,
  isNarrow,
  title,
}: {
  readonly signal: SignalId;
  readonly threshold: number | null;
  readonly isNarrow: boolean;
  /** Instead of the signal's own. */
  readonly title?: string;
}) {
  const scale = signals[signal];
  return (
    <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
      <text y={9} fill="var(--ink)">
        {isNarrow ? scale.label : (title ?? scale.title)}
      </text>
      {scale.stops.map((stop, i) => (
        <g key={stop} transform={`translate(${i * PITCH},15)`}>
          <rect width={14} height={9} fill="var(--ink)" opacity={inkOf(scale, stop)} />
          <text x={18} y={8}>
            {stop}
          </text>
        </g>
      ))}
      {threshold !== null && !isNarrow && (
        <text x={scale.stops.length * PITCH + 4} y={23}>
          {lineOf(signal, threshold)}
        </text>
      )}
    </g>
  );
}
