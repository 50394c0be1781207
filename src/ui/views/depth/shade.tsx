/** The ink that stands for how far a latent moved, and its scale. */

/** Decades from a change of 1 down to the faintest ink. */
const DECADES = 4;

export function opacityOf(change: number): number {
  const level = Math.max(0, Math.min(1, 1 + Math.log10(Math.max(change, 1e-9)) / DECADES));
  return Number((0.03 + 0.31 * level).toFixed(2));
}

const STOPS = [1, 0.1, 0.01, 0.001];

export function ChangeScale({ title }: { readonly title: string }) {
  return (
    <g fontSize={10.5} fill="var(--ink-soft)" className="figures">
      <text y={9} fill="var(--ink)">
        {title}
      </text>
      {STOPS.map((stop, i) => (
        <g key={stop} transform={`translate(${i * 52},15)`}>
          <rect width={14} height={9} fill="var(--ink)" opacity={opacityOf(stop)} />
          <text x={18} y={8}>
            {stop}
          </text>
        </g>
      ))}
    </g>
  );
}
