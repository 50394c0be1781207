/** A bar of what is held in memory, a stretch for each use, and its figures in words. */
import { bytes, count } from "../format";
import { type Held, USE_HELP, USE_LABEL, type UseSum } from "./sums";

interface MemoryBarProps {
  readonly held: Held;
  /** Bytes of a bar over the whole width, so that bars can be compared. */
  readonly full: number;
}

/** "int8 1.3 MB, f32 66 kB", or only the name where there is one storage type. */
function storages({ storages: kept }: UseSum): string {
  if (kept.length === 1) return kept[0]!.storage;
  return kept.map(({ storage, bytes: n }) => `${storage} ${bytes(n)}`).join(", ");
}

/** The drawing alone; the figures beside it say the same. */
export function MemoryBar({ held, full }: MemoryBarProps) {
  return (
    <div className="memory-bar" aria-hidden="true">
      {held.uses.map(({ use, bytes: n }) => (
        <span
          key={use}
          data-use={use}
          style={{ width: `${(100 * n) / Math.max(1, full)}%` }}
          title={`${USE_LABEL[use]}: ${count(n)} bytes`}
        />
      ))}
    </div>
  );
}

export function MemoryFigures({ held }: { readonly held: Held }) {
  return (
    <ul className="memory-figures figures">
      {held.uses.map((use) => (
        <li key={use.use} data-testid={`memory-${use.use}`} data-bytes={use.bytes} title={USE_HELP[use.use]}>
          <span className="memory-swatch" data-use={use.use} aria-hidden="true" /> {USE_LABEL[use.use]}{" "}
          <strong>{bytes(use.bytes)}</strong>
          {use.storages.length > 0 && <span className="help"> {storages(use)}</span>}
        </li>
      ))}
    </ul>
  );
}
