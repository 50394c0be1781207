/** The inspector column: what is chosen, its laws and its acceptance test; numbers of the run. */
import { lazy, Suspense, useMemo } from "react";
import { AdapterName } from "../adapter";
import { QUANTITIES } from "../../trace/quantities";
import { acceptanceOfTested, tokensPerTargetForward } from "../../trace/metrics";
import { roundOf, type RunView } from "../../trace/view";
import { labelOf, modelsLabel } from "../definitions";
import { bytes, count, duration, percent, plural, ratio } from "../format";
import { earlyStop } from "../early_stop";
import { inspect, tokensPerSecond } from "../inspect";
import { kindOf, useIsCanvasRun, useMoment, useSelection } from "../moment";
import type { Selection } from "../stores/layout";
import { useEngine } from "../stores/engine";
import { useLayout } from "../stores/layout";
import { useRun } from "../stores/run";
import { explains } from "./Explain";
import { Fact } from "./Fact";
import { ForceToken } from "./ForceToken";
import { ChosenToken, Laws } from "./Laws";

const CanvasHeadline = lazy(async () => ({ default: (await import("./CanvasFacts")).CanvasHeadline }));
const CanvasCounts = lazy(async () => ({ default: (await import("./CanvasFacts")).CanvasCounts }));
const DepthHeadline = lazy(async () => ({ default: (await import("./DepthFacts")).DepthHeadline }));
const DepthCounts = lazy(async () => ({ default: (await import("./DepthFacts")).DepthCounts }));
const DepthLadder = lazy(async () => ({ default: (await import("./DepthLadder")).DepthLadder }));
const AcceptanceTest = lazy(async () => ({ default: (await import("./AcceptanceTest")).AcceptanceTest }));
const TreePays = lazy(async () => ({ default: (await import("./TreePays")).TreePays }));
const ChosenPosition = lazy(async () => ({ default: (await import("./ChosenPosition")).ChosenPosition }));

function Headline({ view }: { readonly view: RunView }) {
  const { metrics } = view;
  const rate = acceptanceOfTested(metrics.acceptance);
  const speed = tokensPerSecond(view);
  return (
    <section className="headline" aria-label="Metrics">
      <div>
        <p className="big figures" data-testid="metric-tokens-per-forward">
          {ratio(tokensPerTargetForward(metrics))}
        </p>
        <p className="help" {...explains(QUANTITIES.tokensPerForward.help)}>
          tokens per target forward; plain decoding has 1
        </p>
      </div>
      <div>
        <p className="middle figures" data-testid="metric-acceptance">
          {rate === null ? "\u2013" : percent(rate)}
        </p>
        <p className="help" {...explains(QUANTITIES.acceptance.help)}>
          of tested drafts accepted
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

const hasDepths = (view: RunView): boolean => ["depth", "wave"].includes(kindOf(view));

const END_NAME = {
  end_token: "the model ended the text",
  max_tokens: "the asked number of tokens",
  context_full: "the context is full",
  cancelled: "cancelled",
  error: "an error",
} as const;

function TextCounts({ view: { metrics } }: { readonly view: RunView }) {
  return (
    <>
      <Fact {...QUANTITIES.tokens} value={count(metrics.tokens)} testId="metric-tokens" />
      <Fact
        {...QUANTITIES.targetForwards}
        value={count(metrics.targetForwards)}
        testId="metric-target-forwards"
      />
      <Fact {...QUANTITIES.targetRows} value={count(metrics.targetRows)} />
      {metrics.draftForwards > 0 && (
        <Fact
          {...QUANTITIES.draftForwards}
          value={count(metrics.draftForwards)}
          testId="metric-draft-forwards"
        />
      )}
    </>
  );
}

function RunFacts({ view }: { readonly view: RunView }) {
  const { metrics, start, status } = view;
  const isLossless = view.rounds.at(-1)?.isLossless;
  return (
    <section aria-label="This run">
      <h2 className="section-name">This run</h2>
      <dl className="facts">
        <Suspense fallback={null}>
          {view.canvas ? (
            <CanvasCounts view={view} />
          ) : hasDepths(view) ? (
            <DepthCounts view={view} />
          ) : (
            <TextCounts view={view} />
          )}
        </Suspense>
        {metrics.acceptance.drafted > 0 && (
          <Fact
            {...QUANTITIES.wasted}
            value={`${count(metrics.wastedNodes)} of ${count(metrics.acceptance.drafted)}`}
          />
        )}
        <Fact {...QUANTITIES.dispatches} value={count(metrics.dispatches)} />
        <Fact {...QUANTITIES.submits} value={`${count(metrics.submits)} and ${count(metrics.readbacks)}`} />
        <Fact {...QUANTITIES.time} value={duration(view.ms)} />
        {isLossless !== null && isLossless !== undefined && (
          <Fact
            {...QUANTITIES.law}
            value={isLossless ? "exactly the target\u2019s" : "not the target\u2019s"}
          />
        )}
        {start && <Fact {...QUANTITIES.seed} value={String(start.seed)} />}
        {status.state === "ended" && (
          <>
            <Fact
              {...QUANTITIES.end}
              value={earlyStop(view) ? "the method, early" : END_NAME[status.reason]}
              testId="end-reason"
            />
            <Fact {...QUANTITIES.hash} value={status.hash} testId="token-hash" />
          </>
        )}
      </dl>
      {start && status.state === "ended" && status.reason === "context_full" && (
        <p className="help" data-testid="context-full">
          {count(start.maxNewTokens)} new tokens were asked for, and there is memory for a text of{" "}
          {count(start.promptTokens.length + metrics.tokens)}. Shorten the prompt; a model of the hub can also
          be looked up again and loaded with a longer text.
        </p>
      )}
      {start && (
        <p className="help">
          {modelsLabel(start)}, {labelOf(start.method)}, on <AdapterName of={start.adapter} />
        </p>
      )}
    </section>
  );
}

function DeviceFacts() {
  const device = useEngine((s) => s.device);
  if (!device) return null;
  return (
    <section aria-label="This device">
      <h2 className="section-name">This device</h2>
      <p className="help">
        <AdapterName of={device.adapter} isSoftware={device.isSoftware} />; largest binding{" "}
        {bytes(device.maxBindingBytes)}
        {device.subgroupSize === null ? "" : `; subgroups of ${device.subgroupSize}`}
        {device.features.length > 0 ? `; ${device.features.join(", ")}` : ""}
      </p>
    </section>
  );
}

/** Of a position of a text, the token that its latent said, if a step was about that token; other selections as they are. */
function saidAt(view: RunView, selection: Selection | null): Selection | null {
  if (selection?.kind !== "position") return selection;
  const said = view.tokens.at(selection.position + 1 - view.prompt.length);
  const round = said && selection.position + 1 >= view.prompt.length ? roundOf(view, said.step) : undefined;
  return round ? { kind: "extra", step: round.step, position: said!.position } : selection;
}

/** What is chosen: its laws, what can be done with it, its test; or a position of a canvas. */
export function Chosen() {
  const { view, step } = useMoment();
  const selection = useSelection(step);
  const latest = useRun((s) => s.latest);
  const isCanvas = useIsCanvasRun();
  const isReplayOnly = useLayout((s) => s.isReplayOnly);
  const inspected = useMemo(
    () => inspect(view, step, hasDepths(view) ? saidAt(view, selection) : selection),
    [view, step, selection],
  );
  if (isCanvas && selection?.kind === "position")
    return (
      <Suspense fallback={null}>
        <ChosenPosition selection={selection} />
      </Suspense>
    );
  // The latent that said the chosen token, or a position of the prompt.
  const said = inspected?.extra?.position ?? roundOf(view, selection?.step ?? step)?.tokens[0]?.position;
  const latent = selection?.kind === "position" ? selection.position : said === undefined ? null : said - 1;
  const ladder = hasDepths(latest) && latent !== null && (
    <Suspense fallback={null}>
      <DepthLadder view={view} step={step} position={latent} />
    </Suspense>
  );
  if (ladder && !inspected) return ladder;
  if (inspected && !isCanvas)
    return (
      <>
        <ChosenToken inspected={inspected} />
        {ladder}
        <Suspense fallback={null}>
          <AcceptanceTest view={view} inspected={inspected} />
        </Suspense>
        {!isReplayOnly && <ForceToken />}
        <Laws inspected={inspected} />
      </>
    );
  return (
    <section>
      <h2 className="section-name">Nothing chosen</h2>
      <p className="help">
        {isCanvas
          ? "Point at a position, or move to one with the arrow keys, to see what the model thought of it, now and in earlier steps. Choose it to keep it here while the run moves on."
          : `Point at a node or a token, or move to one with the keyboard, to see what ${latest.start?.draft === null ? "the model" : "both models"} thought of it.`}
      </p>
    </section>
  );
}

/** @param isChosenElsewhere what is chosen stands under the drawing, where the page is narrow */
export function Inspector({ isChosenElsewhere = false }: { readonly isChosenElsewhere?: boolean }) {
  const { view, step, isNewest } = useMoment();
  const latest = useRun((s) => s.latest);
  const isCanvas = useIsCanvasRun();
  const isReplayOnly = useLayout((s) => s.isReplayOnly);
  return (
    // A scrolling region has to be reachable by keyboard.
    <div className="inspector" tabIndex={0} role="group" aria-label="Numbers">
      <Suspense fallback={null}>
        {isCanvas ? (
          <CanvasHeadline view={view} />
        ) : hasDepths(view) ? (
          <DepthHeadline view={view} />
        ) : (
          <Headline view={view} />
        )}
      </Suspense>
      {!isChosenElsewhere && <Chosen />}
      {!isCanvas && !hasDepths(view) && !isReplayOnly && (
        <Suspense fallback={null}>
          <TreePays view={view} />
        </Suspense>
      )}
      <RunFacts view={view} />
      {!isNewest && (
        <p className="help">
          Numbers up to step {step + 1} of {plural(latest.rounds.length, "step")}.
        </p>
      )}
      <DeviceFacts />
    </div>
  );
}
