/** Does the tree pay here? From counts of the run and times measured on this device, never guessed. */
import { AdapterName } from "../adapter";
import { modelOf } from "../definitions";
import { measureCosts } from "../engine";
import { duration, ratio } from "../format";
import { paysOf, timeAt, verdictOf, type Pays } from "../pays";
import { costsKey, useCosts, type Adapter } from "../stores/costs";
import { isBusy, useEngine } from "../stores/engine";
import { TOKEN_QUANTITIES } from "../../trace/token_quantities";
import type { RunView } from "../../trace/view";
import type { PassTime } from "../../worker/api";
import { CostCurve } from "./CostCurve";
import { Fact } from "./Fact";

/** Rows that are measured at least; larger trees go further. */
const LEAST_ROWS = 32;

function sentence({ gain, L, c, d }: Pays): string {
  const numbers = `${ratio(L)} tokens for the price of ${ratio(c + d)} plain steps`;
  switch (verdictOf(gain)) {
    case "helps":
      return `A tree helps here: ${numbers}.`;
    case "hurts":
      return `A tree does not help here: ${numbers}. Token by token is faster on this device.`;
    default:
      return `A tree makes no difference here: ${numbers}.`;
  }
}

/** What measuring does, of one model or of two. */
export const measureWords = (models: number): string =>
  `Times forward passes of ${models > 1 ? "both models" : "the model"} over 1, 2, 4, \u2026 rows by themselves: a few seconds, and the first time a download of the ${models > 1 ? "models" : "model"}.`;

function Measure({ view, isKnown }: { readonly view: RunView; readonly isKnown: boolean }) {
  const isMeasuring = useCosts((s) => s.isMeasuring);
  const problem = useCosts((s) => s.problem);
  const isRunning = useEngine((s) => isBusy(s.phase));
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const { start, metrics } = view;
  const models = [start?.model, metrics.draftForwards > 0 ? start?.draft : null].filter(
    (m): m is string => typeof m === "string",
  );
  const unknown = models.find((m) => modelOf(m) === undefined);
  if (unknown !== undefined)
    return <p className="help">Not known here: this page has no model called {unknown} to measure.</p>;
  if (!hasWebGpu)
    return <p className="help">Not known here: measuring needs WebGPU, which this browser lacks.</p>;
  const rows = Math.max(LEAST_ROWS, metrics.targetRows / Math.max(1, metrics.targetForwards));
  return (
    <>
      <button
        type="button"
        data-testid="measure-costs"
        disabled={isMeasuring || isRunning}
        onClick={() => void measureCosts(models, rows)}
      >
        {isMeasuring ? "Measuring\u2026" : isKnown ? "Measure again" : "Measure this device"}
      </button>
      <p className="help" role="status">
        {problem ?? (isKnown ? "" : measureWords(models.length))}
      </p>
    </>
  );
}

/** The verdict with its numbers and the curve they come from. */
export function PaysReport({
  pays,
  target,
  plainMs,
  here,
}: {
  readonly pays: Pays;
  readonly target: readonly PassTime[];
  readonly plainMs: number;
  readonly here: Adapter;
}) {
  return (
    <>
      <p className="pays-verdict" data-verdict={verdictOf(pays.gain)} data-testid="tree-verdict">
        {sentence(pays)}
      </p>
      <dl className="facts">
        <Fact {...TOKEN_QUANTITIES.L} value={ratio(pays.L)} />
        <Fact
          help={TOKEN_QUANTITIES.c.help}
          name={`target over N = ${ratio(pays.N, 1)} rows, c(N)`}
          value={ratio(pays.c)}
        />
        <Fact
          help={TOKEN_QUANTITIES.draftCost.help}
          name={
            pays.draftPasses > 0
              ? `draft model, ${ratio(pays.draftPasses, 1)} passes, d`
              : "drafting without a model, d"
          }
          value={ratio(pays.d)}
        />
        <Fact {...TOKEN_QUANTITIES.gain} value={`${ratio(pays.gain)}\u00d7`} testId="tree-gain" />
      </dl>
      <CostCurve pays={pays} target={target} />
      <p className="help">
        c and d are in plain steps: passes of one row through the target, {duration(plainMs)} each on{" "}
        <AdapterName of={here.adapter} isSoftware={here.isSoftware} />. Medians; L is of this run. Choosing
        drafts, sampling, verifying and reading back are not in it: a tree has more of them than plain steps,
        and gains less than this.
        {here.isSoftware
          ? " This is a software adapter, whose c(N) grows with N much faster than a GPU\u2019s: there, a small tree costs hardly more than one row."
          : ""}
      </p>
    </>
  );
}

export function TreePays({ view }: { readonly view: RunView }) {
  const device = useEngine((s) => s.device);
  const known = useCosts((s) => s.known);
  const lastAdapter = useCosts((s) => s.lastAdapter);
  const { metrics, start } = view;
  if (metrics.acceptance.drafted === 0 || metrics.targetForwards === 0 || !start) return null;
  const here = device ?? lastAdapter;
  const of = (model: string | null) =>
    here && model !== null ? (known[costsKey(model, here.adapter)]?.passes ?? []) : [];
  const target = of(start.model);
  const pays = paysOf(metrics, target, of(start.draft));
  const plainMs = timeAt(target, 1);
  return (
    <section aria-label="Does the tree pay here?" data-testid="tree-pays">
      <h2 className="section-name">Does the tree pay here?</h2>
      {pays && here && plainMs !== null ? (
        <PaysReport pays={pays} target={target} plainMs={plainMs} here={here} />
      ) : (
        <dl className="facts">
          <Fact {...TOKEN_QUANTITIES.L} value={ratio(metrics.tokens / metrics.targetForwards)} />
          <Fact {...TOKEN_QUANTITIES.N} value={ratio(metrics.targetRows / metrics.targetForwards, 1)} />
        </dl>
      )}
      <Measure view={view} isKnown={pays !== null} />
    </section>
  );
}
