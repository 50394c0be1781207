/** What the compared runs cost and came to, side by side. */
import { tokensPerTargetForward } from "../../trace/metrics";
import { QUANTITIES } from "../../trace/quantities";
import type { RunView } from "../../trace/view";
import { labelOf } from "../definitions";
import { count, duration, percent, ratio } from "../format";
import { explains } from "../panels/Explain";
import { verdictOf } from "../panels/TaskVerdict";
import { canvasTotals } from "../views/canvas/series";
import { commonParts } from "./difference";
import { rowLayersOf, trackOf } from "./race";
import { textTokens } from "./texts";
import type { Lane } from "./store";

const NONE = "\u2013";

interface Row {
  readonly name: string;
  readonly help: string;
  readonly of: (lane: Lane, view: RunView) => string;
  /** Runs that have it; the row is left out where none does. All if left out. */
  readonly isFor?: (view: RunView) => boolean;
  /** What is compared; the least of a row is marked. */
  readonly cost?: (lane: Lane, view: RunView) => number | null;
}

const ROWS: readonly Row[] = [
  {
    ...QUANTITIES.chosen,
    of: (_, view) => count(canvasTotals(view)?.chosen ?? view.metrics.tokens),
  },
  { ...QUANTITIES.steps, of: (_, view) => count(view.rounds.length) },
  {
    ...QUANTITIES.targetForwards,
    of: (_, view) => count(view.metrics.targetForwards),
    cost: (_, view) => view.metrics.targetForwards,
  },
  {
    ...QUANTITIES.tokensPerForward,
    of: (_, view) => ratio(tokensPerTargetForward(view.metrics)),
  },
  {
    ...QUANTITIES.rowLayers,
    of: (_, view) => {
      const sum = rowLayersOf(view);
      return sum === null ? NONE : count(sum);
    },
    cost: (_, view) => rowLayersOf(view),
  },
  {
    name: "recurrences",
    help: "Recurrences of the core that ran one after another.",
    of: (_, view) => (view.metrics.coreForwards > 0 ? count(view.metrics.coreForwards) : NONE),
    isFor: (view) => view.metrics.coreForwards > 0,
  },
  {
    ...QUANTITIES.secondForwards,
    of: (_, view) => (view.start?.draft == null ? NONE : count(view.metrics.draftForwards)),
    isFor: (view) => view.start?.draft != null,
  },
  {
    name: "time",
    help: "From the first round to the end, on the device of that run. The first run of a method compiles its kernels: run again for a fair clock.",
    of: ({ timeline }) => {
      const track = timeline && trackOf(timeline, "time");
      return track ? duration(track.total) : NONE;
    },
    cost: ({ timeline }) => (timeline && trackOf(timeline, "time")?.total) ?? null,
  },
];

const end = ({ timeline }: Lane): RunView | null =>
  timeline && timeline.latest.status.state === "ended" ? timeline.latest : null;

function same(first: RunView | null, view: RunView): string {
  if (!first) return NONE;
  const [a, b] = [textTokens(first), textTokens(view)].map((tokens) => tokens.map(({ token }) => token));
  const { b: common } = commonParts(a!, b!);
  return common.length === 0 ? NONE : percent(common.filter(Boolean).length / common.length);
}

/** What the task's checker says, where there is a task. */
function verdict(view: RunView): string {
  const found = verdictOf(view);
  return found === null ? NONE : found.ok ? "\u2713 right" : `\u2717 ${found.why}`;
}

export function CostTable({ lanes }: { readonly lanes: readonly Lane[] }) {
  const ends = lanes.map(end);
  const hasTask = ends.some((view) => view !== null && verdictOf(view) !== null);
  const cells = (of: (lane: Lane, view: RunView) => string): readonly string[] =>
    lanes.map((lane, i) => (ends[i] ? of(lane, ends[i]) : NONE));
  const least = (row: Row): number | null => {
    const costs = lanes.flatMap((lane, i) => (ends[i] && row.cost ? [row.cost(lane, ends[i])] : []));
    const known = costs.filter((c) => c !== null);
    return known.length > 1 && new Set(known).size > 1 ? Math.min(...known) : null;
  };
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Costs">
      <table className="figures compare-table">
        <thead>
          <tr>
            <th scope="col">run</th>
            {lanes.map((lane, i) => (
              <th key={lane.id} scope="col" className="number">
                {i + 1}. {labelOf(lane.settings.method)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ROWS.filter(({ isFor }) => !isFor || ends.some((view) => view !== null && isFor(view))).map(
            (row) => {
              const best = least(row);
              return (
                <tr key={row.name}>
                  <th scope="row">
                    <span {...explains(row.help)}>{row.name}</span>
                  </th>
                  {cells(row.of).map((text, i) => (
                    <td
                      key={lanes[i]!.id}
                      className="number"
                      data-best={
                        (best !== null && ends[i] && row.cost?.(lanes[i]!, ends[i]) === best) || undefined
                      }
                    >
                      {text}
                    </td>
                  ))}
                </tr>
              );
            },
          )}
          {hasTask && (
            <tr>
              <th scope="row">
                <span {...explains("What the task\u2019s own checker says.")}>answer</span>
              </th>
              {cells((_, view) => verdict(view)).map((text, i) => (
                <td key={lanes[i]!.id} className="number">
                  {text}
                </td>
              ))}
            </tr>
          )}
          <tr>
            <th scope="row">
              <span
                {...explains("Tokens of the longest common subsequence with run 1, as a share of this text.")}
              >
                as in run 1
              </span>
            </th>
            {cells((_, view) => same(ends[0] ?? null, view)).map((text, i) => (
              <td key={lanes[i]!.id} className="number">
                {text}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  );
}
