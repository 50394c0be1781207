/** A step of recurrent depth in the size of a stamp: a rung for each recurrence, or the wave with what it froze. */
import type { DepthRound } from "../../../trace/depth_view";

const MOST = 16;

interface DepthStampProps {
  readonly recursion: DepthRound;
  readonly width: number;
  readonly height: number;
}

export function DepthStamp({ recursion: { wave, depths }, width, height }: DepthStampProps) {
  if (wave) {
    const shown = Math.min(wave.width, MOST);
    const cell = Math.min(9, (width - 10) / shown);
    const frozen = wave.frozenTo - wave.draftFrom;
    const row = (from: number, to: number): string =>
      Array.from(
        { length: Math.max(0, to - from) },
        (_, i) =>
          `M${(5 + (from + i) * cell).toFixed(1)},${height / 2 - 4}h${(cell - 1.5).toFixed(1)}v8h-${(cell - 1.5).toFixed(1)}Z`,
      ).join("");
    return (
      <>
        <path d={row(0, Math.min(frozen, shown))} fill="var(--accepted)" />
        <path d={row(Math.min(frozen, shown), shown)} fill="none" stroke="var(--ink-soft)" />
      </>
    );
  }
  // The position that the next token was drawn from.
  const last = depths.at(-1);
  if (!last) return null;
  const rungs = Math.max(1, Math.min(last.maxDepth, MOST));
  const pitch = Math.min(6, (height - 6) / rungs);
  const ladder = (from: number, to: number): string =>
    Array.from(
      { length: Math.max(0, to - from) },
      (_, i) => `M${width / 2 - 11},${(height - 4 - (from + i) * pitch).toFixed(1)}h22`,
    ).join("");
  const ran = Math.min(last.depth, rungs);
  return (
    <>
      <path d={ladder(ran, rungs)} stroke="var(--idle)" strokeOpacity={0.5} />
      <path d={ladder(0, ran)} stroke="var(--ink)" strokeWidth={Math.min(2.4, pitch - 0.8)} />
    </>
  );
}
