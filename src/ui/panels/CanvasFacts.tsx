/** Numbers of a run that fills a canvas, for the inspector. */
import { QUANTITIES } from "../../trace/quantities";
import type { RunView } from "../../trace/view";
import { count, percent, plural, probability, ratio } from "../format";
import { tokensPerSecond } from "../inspect";
import { canvasTotals } from "../views/canvas/series";
import { explains } from "./Explain";
import { Fact } from "./Fact";

/** A number of all there are; alone where that is not known. */
const ofAll = (n: number, all: number | null): string =>
  all === null ? count(n) : `${count(n)} of ${count(all)}`;

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
        <p className="help" {...explains(QUANTITIES.tokensPerForward.help)}>
          tokens per forward pass; one position a step has 1
        </p>
      </div>
      <div>
        <p className="middle figures" data-testid="metric-row-share">
          {share === null ? "\u2013" : percent(share)}
        </p>
        <p className="help" {...explains(QUANTITIES.rowShare.help)}>
          of the rows computed; no cache has 100 %
        </p>
      </div>
      <div>
        <p className="middle figures" data-testid="metric-tokens-per-second">
          {speed === null ? "\u2013" : speed.toFixed(speed < 10 ? 1 : 0)}
        </p>
        <p className="help" {...explains(QUANTITIES.tokensPerSecond.help)}>
          tokens a second after the first step
        </p>
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
      <Fact {...QUANTITIES.tokens} value={count(metrics.tokens)} testId="metric-tokens" />
      {filled > 0 && <Fact {...QUANTITIES.filled} value={count(filled)} />}
      <Fact {...QUANTITIES.plannedSteps} value={ofAll(totals.steps, totals.planned)} testId="metric-steps" />
      <Fact {...QUANTITIES.evaluations} value={count(totals.forwards)} testId="metric-target-forwards" />
      <Fact
        {...QUANTITIES.uncachedRowLayers}
        value={ofAll(totals.rowLayers, totals.uncachedRowLayers)}
        testId="metric-row-layers"
      />
      <Fact
        {...QUANTITIES.meanConfidence}
        value={totals.confidence === null ? "\u2013" : probability(totals.confidence)}
      />
      {metrics.draftForwards > 0 && (
        <Fact
          {...QUANTITIES.guider}
          value={`${plural(metrics.draftForwards, "pass", "passes")}, ${plural(metrics.draftRows, "row")}`}
        />
      )}
    </>
  );
}
