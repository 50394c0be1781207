/** The setup column: what the next run is made with, and the buttons that start and end it. */
import { lazy, Suspense, useEffect, useId, useRef } from "react";
import { findMethod } from "../../decoding/index";
import {
  allModels,
  draftOf,
  fits,
  type MethodInfo,
  methodOf,
  modelOf,
  runSchema,
  samplerSchema,
} from "../definitions";
import { cancel, prepare } from "../engine";
import { Field } from "../form/fields";
import { ParamsForm } from "../form/ParamsForm";
import { bytes, parameters } from "../format";
import { hrefOf } from "../routes";
import { openMethod, pickMethod, pickModel } from "../open_method";
import { isExample } from "../showcase";
import { startRun } from "../start_run";
import { isBusy, useEngine } from "../stores/engine";
import { useMoreModels } from "../stores/more_models";
import {
  paramsOf,
  runSettings,
  setParam,
  setPrompt,
  setRun,
  setSampler,
  useSettings,
} from "../stores/settings";
import { Beginning } from "./Beginning";
import { Blanks } from "./Blanks";
import { CompareLink } from "./CompareLink";
import { ToSetup } from "./ToSetup";
import { NoWebGpu } from "./NoWebGpu";
import { STEP_FORWARD } from "./step_forward";
import { OfflineStatus } from "./OfflineStatus";
import { MethodSelect } from "./MethodSelect";

function Prompt() {
  const id = useId();
  const prompt = useSettings((s) => s.prompt);
  const isEmpty = prompt.length === 0;
  const isMasked = useSettings((s) => methodOf(s.method)?.requires.startsWith("masked") ?? false);
  return (
    <section className="setup-section">
      <label className="section-name" htmlFor={id}>
        Prompt
      </label>
      <textarea
        id={id}
        rows={3}
        value={prompt}
        aria-invalid={isEmpty}
        aria-describedby={`${id}-help`}
        onChange={(e) => {
          setPrompt(e.target.value);
          // What was wrong with the old prompt says nothing about the new one.
          if (useEngine.getState().error?.code === "method") useEngine.setState({ error: null });
        }}
      />
      <p id={`${id}-help`} className={isEmpty ? "help problem" : "help"}>
        {isEmpty
          ? "Write at least one character for the model to go on from."
          : isMasked
            ? "The model fills in what follows, all positions at once."
            : "The model goes on from here."}
      </p>
      {isMasked && !isEmpty && <Blanks />}
      <Beginning />
    </section>
  );
}

/** Fetched with the generator of tasks when a model that solves some is chosen. */
const TaskExamples = lazy(async () => ({ default: (await import("./TaskExamples")).TaskExamples }));

function Examples() {
  const model = useSettings((s) => s.model);
  if ((modelOf(model)?.tasks.length ?? 0) === 0) return null;
  return (
    <Suspense fallback={null}>
      <TaskExamples />
    </Suspense>
  );
}

function MethodPicker() {
  const id = useId();
  const state = useSettings();
  const method = methodOf(state.method);
  return (
    <section className="setup-section" aria-label="Method">
      <div className="pick">
        <label className="section-name" htmlFor={id}>
          Method
        </label>
        <MethodSelect id={id} value={state.method} describedBy={`${id}-help`} onChange={pickMethod} />
      </div>
      {method && (
        <p id={`${id}-help`} className="help">
          {method.summary}{" "}
          {method.lossless ? "Exact: the text has the target\u2019s own law. " : "Not exact. "}
          <a href={method.source.url} target="_blank" rel="noreferrer" title={method.source.title}>
            {firstAuthor(method.source.authors)} {method.source.year}
          </a>
          {" \u00b7 "}
          <a href={hrefOf("gallery", method.id)} aria-label={`${method.label} in the gallery`}>
            gallery
          </a>
        </p>
      )}
      {method && <Example method={method} />}
      <ParamsForm schema={method?.params ?? {}} values={paramsOf(state)} onChange={setParam} />
      {method && <TreeSize method={state.method} />}
    </section>
  );
}

/** What to look at in the method's example, and the way to it from other settings. */
function Example({ method }: { readonly method: MethodInfo }) {
  const isShown = useSettings((s) => isExample(runSettings(s), method));
  return (
    <div className="example" data-testid="example">
      <p className="help">
        <strong>{isShown ? "Watch: " : "Its example: "}</strong>
        {method.showcase?.watch}
      </p>
      {!isShown && (
        <button type="button" onClick={() => void openMethod(method.id)}>
          Show its example
        </button>
      )}
    </div>
  );
}

/** "W. Jeon, M. Gagrani, ..." as "Jeon et al." */
function firstAuthor(authors: string): string {
  const names = authors.split(", ");
  const last = names[0]?.split(" ").at(-1) ?? "";
  return names.length > 2 ? `${last} et al.` : names.map((n) => n.split(" ").at(-1)).join(" and ");
}

function TreeSize({ method }: { readonly method: string }) {
  const values = useSettings((s) => s.params);
  const nodes =
    findMethod(method)?.treeNodes(paramsOf({ ...useSettings.getState(), params: values }, method) as never) ??
    1;
  if (nodes <= 1) return null;
  return (
    <p className="help figures">
      Trees of up to {nodes - 1} drafted tokens; the target checks {nodes} rows in one pass.
    </p>
  );
}

function Sampling() {
  const sampler = useSettings((s) => s.sampler);
  const { temperature, ...more } = samplerSchema;
  const changed = Object.entries(more).filter(
    ([key, option]) => sampler[key as keyof typeof more] !== option.default,
  ).length;
  const values = { ...sampler };
  return (
    <section className="setup-section" aria-label="Sampling">
      <h2 className="section-name">Sampling</h2>
      <ParamsForm schema={{ temperature }} values={values} onChange={setSampler} />
      <details className="more">
        <summary>Truncation and penalty{changed > 0 ? `, ${changed} changed` : ""}</summary>
        <ParamsForm schema={more} values={values} onChange={setSampler} />
      </details>
    </section>
  );
}

function ModelPicker() {
  const id = useId();
  useMoreModels((s) => s.entries);
  const model = useSettings((s) => s.model);
  const method = useSettings((s) => s.method);
  const chosen = modelOf(model);
  const draft = methodOf(method)?.requires.includes("+") ? draftOf(model) : undefined;
  const size = (chosen?.sizeBytes ?? 0) + (draft?.sizeBytes ?? 0);
  return (
    <section className="setup-section" aria-label="Model">
      <div className="pick">
        <label className="section-name" htmlFor={id}>
          Model
        </label>
        <select
          id={id}
          value={model}
          aria-describedby={`${id}-help`}
          onChange={(e) => void pickModel(e.target.value)}
        >
          {allModels().map((m) => {
            const method_ = methodOf(method);
            return (
              <option key={m.id} value={m.id} disabled={method_ !== undefined && !fits(method_, m.id)}>
                {m.label}
              </option>
            );
          })}
        </select>
      </div>
      {chosen && (
        <p id={`${id}-help`} className="help">
          {chosen.description} {parameters(chosen.parameters)} parameters
          {draft
            ? `, ${chosen.kind === "masked" ? "judged" : "drafted for"} by ${draft.label} with ${parameters(draft.parameters)}`
            : ""}
          . {bytes(size)}, downloaded once and run on this device.
        </p>
      )}
    </section>
  );
}

function RunLength() {
  const maxNewTokens = useSettings((s) => s.maxNewTokens);
  const seed = useSettings((s) => s.seed);
  const isProfiled = useSettings((s) => s.isProfiled);
  return (
    <section className="setup-section" aria-label="Run">
      <h2 className="section-name">Run</h2>
      <ParamsForm schema={runSchema} values={{ maxNewTokens, seed }} onChange={setRun} />
      <Field
        option={{
          kind: "toggle",
          default: false,
          label: "Kernel times",
          help: "Measures every kernel, where the device has timestamps. Slows the run down.",
        }}
        value={isProfiled}
        onChange={(value) => setRun("isProfiled", value === true)}
      />
    </section>
  );
}

export function RunBar() {
  const phase = useEngine((s) => s.phase);
  const busy = isBusy(phase);
  const isGettingReady = phase === "opening" || phase === "loading" || phase === "compiling";
  // Until its first step a run is not on the stage yet.
  const hasStepped = useEngine((s) => s.phase === "paused" && !s.isAwaited && s.roundsAwaited === 0);
  const bar = useRef<HTMLDivElement>(null);
  const isStepped = useRef(false);
  useEffect(() => {
    if (!hasStepped || !isStepped.current) return;
    isStepped.current = false;
    // The button that was pressed is one that cancels now: the next press is meant for the next step.
    if (bar.current?.contains(document.activeElement)) document.getElementById(STEP_FORWARD)?.focus();
  }, [hasStepped]);
  return (
    <div className="run-bar" ref={bar}>
      <NoWebGpu />
      <button
        type="button"
        className="primary"
        // Disabled, it would lose the focus to nowhere.
        aria-disabled={isGettingReady || undefined}
        onPointerEnter={() => void prepare()}
        onFocus={() => void prepare()}
        onClick={() => {
          if (isGettingReady) return;
          // On a phone the button may be far below the stage that is about to move.
          window.scrollTo({ top: 0 });
          void startRun();
        }}
        aria-keyshortcuts="r"
      >
        Run
      </button>
      {busy ? (
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      ) : (
        <button
          type="button"
          onClick={() => {
            isStepped.current = true;
            // Where no run came of it, the next one's first step is not this press's.
            void startRun(true).finally(() => {
              if (!isBusy(useEngine.getState().phase)) isStepped.current = false;
            });
          }}
          title="Start a run and stop after its first step"
        >
          One step
        </button>
      )}
      <CompareLink what="setup" />
      <ToSetup />
    </div>
  );
}

export function Setup() {
  return (
    <div className="setup">
      <div className="setup-scroll">
        <Examples />
        <Prompt />
        <MethodPicker />
        <Sampling />
        <ModelPicker />
        <RunLength />
        <OfflineStatus className="offline-status figures narrow-only" />
      </div>
      <RunBar />
    </div>
  );
}
