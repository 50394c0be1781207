/** Numbers of a run whose tokens have depths of their own, for the inspector. */
import { QUANTITIES } from "../../trace/quantities";
import type { RunView } from "../../trace/view";
import { count, ratio } from "../format";
import { tokensPerSecond } from "../inspect";
import { explains } from "./Explain";
import { Fact } from "./Fact";

const per = (value: number, tokens: number): string => (tokens > 0 ? ratio(value / tokens) : "\u2013");

export function DepthHeadline({ view }: { readonly view: RunView }) {
  const { coreForwards, coreRows, tokens } = view.metrics;
  const most = view.rounds.at(0)?.recursion?.depths[0]?.maxDepth;
  const isWave = view.rounds.at(1)?.recursion?.wave != null;
  const speed = tokensPerSecond(view);
  return (
    <section className="headline" aria-label="Metrics">
      <div>
        <p className="big figures" data-testid="metric-recurrences-per-token">
          {per(coreForwards, tokens)}
        </p>
        <p className="help" {...explains(QUANTITIES.recurrencesPerToken.help)}>
          {QUANTITIES.recurrencesPerToken.name}
          {isWave ? ", the prompt\u2019s pass counted" : ""}
          {most === undefined ? "" : `; at full depth ${most}`}
        </p>
      </div>
      <div>
        <p className="middle figures" data-testid="metric-core-rows">
          {per(coreRows, tokens)}
        </p>
        <p className="help">rows through the core, a token</p>
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

export function DepthCounts({ view }: { readonly view: RunView }) {
  const { metrics } = view;
  // Waves say nothing of entries: what the prompt left would be stale.
  const last = view.rounds.at(-1)?.recursion;
  const entries = last?.recurs.at(-1)?.kvEntries;
  // Where a router decides: what they would be if every token ran every recursion. The first bank has them all.
  const all = last?.recurs.find((e) => e.recurrence === 1)?.bankEntries;
  const most = last?.depths[0]?.maxDepth;
  return (
    <>
      <Fact {...QUANTITIES.tokens} value={count(metrics.tokens)} testId="metric-tokens" />
      <Fact {...QUANTITIES.passes} value={count(metrics.targetForwards)} testId="metric-target-forwards" />
      <Fact {...QUANTITIES.recurrences} value={count(metrics.coreForwards)} />
      <Fact {...QUANTITIES.coreRows} value={count(metrics.coreRows)} />
      {entries !== undefined && (
        <Fact
          {...(all === undefined ? QUANTITIES.coreEntries : QUANTITIES.sharedEntries)}
          value={
            all === undefined || most === undefined
              ? count(entries)
              : `${count(entries)} of ${count(all * most)}`
          }
        />
      )}
    </>
  );
}
