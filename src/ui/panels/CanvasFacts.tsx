/** Numbers of a run that fills a canvas, for the inspector. */
import type { RunView } from "../../trace/view";
import { count, percent, probability, ratio } from "../format";
import { tokensPerSecond } from "../inspect";
import { canvasTotals } from "../views/canvas/series";
import { Fact } from "./Fact";

export function CanvasHeadline({ view }: { readonly view: RunView }) {
  const totals = canvasTotals(view);
  const speed = tokensPerSecond(view);
  const share = totals && totals.uncachedRowLayers > 0 ? totals.rowLayers / totals.uncachedRowLayers : null;
  return (
    <section className="headline" aria-label="Metrics">
      <div>
        <p className="big figures" data-testid="metric-tokens-per-forward">
          {ratio(totals && totals.forwards > 0 ? totals.chosen / totals.forwards : null)}
        </p>
        <p className="help">tokens per forward pass; one position a step has 1</p>
      </div>
      <div>
        <p className="middle figures" data-testid="metric-row-share">
          {share === null ? "\u2013" : percent(share)}
        </p>
        <p className="help">of the rows computed; no cache has 100 %</p>
      </div>
      <div>
        <p className="middle figures" data-testid="metric-tokens-per-second">
          {speed === null ? "\u2013" : speed.toFixed(speed < 10 ? 1 : 0)}
        </p>
        <p className="help">tokens a second, pauses included</p>
      </div>
    </section>
  );
}

export function CanvasCounts({ view }: { readonly view: RunView }) {
  const totals = canvasTotals(view);
  const { metrics } = view;
  if (!totals) return null;
  const filled = metrics.tokens - totals.chosen;
  return (
    <>
      <Fact name="tokens" value={count(metrics.tokens)} testId="metric-tokens" />
      {filled > 0 && <Fact name="of these behind the end of the text" value={count(filled)} />}
      <Fact
        name="steps, planned"
        value={`${count(totals.steps)}, ${totals.planned === null ? "open" : count(totals.planned)}`}
        testId="metric-steps"
      />
      <Fact name="function evaluations" value={count(totals.forwards)} testId="metric-target-forwards" />
      <Fact
        name="row-layers, without a cache"
        value={`${count(totals.rowLayers)}, ${count(totals.uncachedRowLayers)}`}
        testId="metric-row-layers"
      />
      <Fact
        name="mean confidence at commit"
        value={totals.confidence === null ? "\u2013" : probability(totals.confidence)}
      />
      {metrics.draftForwards > 0 && (
        <Fact
          name="guider passes, rows"
          value={`${count(metrics.draftForwards)}, ${count(metrics.draftRows)}`}
        />
      )}
    </>
  );
}
