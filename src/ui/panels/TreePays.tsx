/** Does the tree pay here? Only from measured times: this run's rounds against those of a plain run on this device. */
import { tokensPerTargetForward } from "../../trace/metrics";
import type { RunView } from "../../trace/view";
import { duration, ratio } from "../format";
import { median, roundTimes } from "../inspect";
import { baselineKey, useBaselines } from "../stores/baseline";
import { Fact } from "./Fact";

export function TreePays({ view }: { readonly view: RunView }) {
  const baseline = useBaselines((s) => s[baselineKey(view)]);
  const L = tokensPerTargetForward(view.metrics);
  const roundMs = median(roundTimes(view));
  if (view.metrics.draftForwards === 0 || L === null) return null;
  const rows = view.metrics.targetRows / view.metrics.targetForwards;
  const cost = baseline && roundMs !== null ? roundMs / baseline.stepMs : null;
  return (
    <section aria-label="Does the tree pay here?" data-testid="tree-pays">
      <h2 className="section-name">Does the tree pay here?</h2>
      <dl className="facts">
        <Fact name="tokens a round, L" value={ratio(L)} />
        <Fact name="rows a round, N" value={ratio(rows, 1)} />
        {roundMs !== null && <Fact name="time of a round" value={duration(roundMs)} />}
        {baseline && <Fact name="time of a plain step" value={duration(baseline.stepMs)} />}
        {cost !== null && (
          <>
            <Fact name="cost of a round, c(N) + d, in plain steps" value={ratio(cost)} />
            <Fact name="gain, L / (c(N) + d)" value={`${ratio(L / cost)}×`} testId="tree-gain" />
          </>
        )}
      </dl>
      {cost === null ? (
        <p className="help">
          Not known: it takes the time of a plain step on the same device. Run the Autoregressive method once
          with this model, and the gain stands here.
        </p>
      ) : (
        <p className="help">
          Medians of wall-clock times; the plain step is from {baseline?.rounds} steps of a plain run. The
          trace does not split a round into c(N) and d.
        </p>
      )}
    </section>
  );
}
