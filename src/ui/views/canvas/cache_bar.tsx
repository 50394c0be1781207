/** How old a position's keys and values are, as a bar that is shorter and paler the older they are. */

/** Share of a bar that is full, from 1 (computed in this step) down to 0.15. */
export const freshness = (age: number, oldest: number): number =>
  age === 0 ? 1 : Math.max(0.15, 0.75 * (1 - (age - 1) / Math.max(1, oldest)));

interface CacheBarProps {
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Steps since it was computed; null for never. */
  readonly age: number | null;
  /** The greatest age on the canvas. */
  readonly oldest: number;
}

export function CacheBar({ y, width, height, age, oldest }: CacheBarProps) {
  if (age === null) return null;
  const share = freshness(age, oldest);
  return (
    <rect
      y={y}
      width={Number((width * share).toFixed(1))}
      height={height}
      fill={age === 0 ? "var(--target)" : "var(--idle)"}
      opacity={age === 0 ? 0.9 : Number((0.35 + 0.5 * share).toFixed(2))}
    />
  );
}
