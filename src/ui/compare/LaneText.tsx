/** The text of a compared run at a moment, marked as on the stage but not to be clicked. */
import type { RunView } from "../../trace/view";
import { shownCells } from "../views/canvas/cells";
import { freshness, headOf, textInFlow } from "../views/canvas/flow";
import "../styles/canvas.css";

function CanvasLine({ view, step }: { readonly view: RunView; readonly step: number }) {
  const first = view.canvas?.first ?? 0;
  return (
    <>
      <span className="text-prompt">{headOf(view)}</span>
      {shownCells(view, step)
        .slice(first)
        .map((shown) => (
          <span
            key={shown.cell.position}
            className="cell"
            data-state={shown.state}
            style={{
              "--sure": shown.opinion ? `${(shown.opinion.confidence * 100).toFixed(0)}%` : undefined,
              "--fresh": `${(freshness(shown) * 100).toFixed(0)}%`,
            }}
          >
            {textInFlow(view, shown)}
          </span>
        ))}
    </>
  );
}

function TokenLine({ view }: { readonly view: RunView }) {
  return (
    <>
      <span className="text-prompt">{view.start?.prompt}</span>
      {view.tokens.toArray().map((t) => (
        <span key={t.position} className="token" data-origin={t.origin}>
          {t.text}
        </span>
      ))}
    </>
  );
}

export function LaneText({ view, step }: { readonly view: RunView; readonly step: number }) {
  return (
    <p className="text lane-text">
      {view.canvas ? <CanvasLine view={view} step={step} /> : <TokenLine view={view} />}
    </p>
  );
}
