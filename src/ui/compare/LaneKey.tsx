/** What lines under tokens and the bars over texts mean, once for all runs of a race. */
import type { TextOrigin } from "../../trace/view";
import { CELL_STATES, type CellState, statesOf } from "../views/canvas/cells";
import { STATE_HELP, STATE_NAME } from "../views/canvas/signs";
import { SIGN_HELP, SIGN_NAME } from "../views/glyphs";
import type { Lane } from "./store";

const ORDER: readonly TextOrigin[] = ["given", "forced", "accepted", "residual", "bonus", "target"];

/** Origins of the tokens that these runs wrote, in the order of the stage. A canvas has no such lines. */
export function originsOf(lanes: readonly Pick<Lane, "timeline">[]): readonly TextOrigin[] {
  const found = new Set<TextOrigin>();
  for (const { timeline } of lanes)
    if (timeline && !timeline.latest.canvas)
      for (const { origin } of timeline.latest.tokens.toArray()) found.add(origin);
  return ORDER.filter((origin) => found.has(origin));
}

/** States of the positions of these runs at any step, in the order of the stage; the prompt looks like every other. */
export function cellStatesOf(lanes: readonly Pick<Lane, "timeline">[]): readonly CellState[] {
  const found = new Set(lanes.flatMap(({ timeline }) => (timeline ? statesOf(timeline.latest) : [])));
  return CELL_STATES.filter((state) => state !== "prompt" && found.has(state));
}

export function LaneKey({ lanes }: { readonly lanes: readonly Lane[] }) {
  if (lanes.every(({ timeline }) => timeline === null)) return null;
  return (
    <ul className="legend lane-key" aria-label="Lines and bars" data-testid="lane-key">
      {originsOf(lanes).map((origin) => (
        <li key={origin} title={SIGN_HELP[origin]}>
          <span className="legend-line" data-origin={origin} />
          {SIGN_NAME[origin]}
        </li>
      ))}
      {cellStatesOf(lanes).map((state) => (
        <li key={state} title={STATE_HELP[state]}>
          <span className="legend-cell" data-state={state} />
          {STATE_NAME[state]}
        </li>
      ))}
      <li>
        <span className="lane-bar">
          <span />
        </span>
        spent, of what the dearest run takes
      </li>
      <li>
        <span className="lane-bar" data-done>
          <span />
        </span>
        all its text is there
      </li>
    </ul>
  );
}
