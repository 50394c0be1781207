/** The place that says what the bundled models are, what they were trained on, how good they are, and what they are not. */
import { Fragment, useRef, useState } from "react";
import { AdapterName } from "../adapter";
import { ChartFigure } from "../benchmarks/ChartFigure";
import { ResultTable } from "../benchmarks/ResultTable";
import { BundledKept } from "../hub/BundledKept";
import { HUB_SECTION, HubModels } from "../hub/HubModels";
import { labelOf, methods, fits, models, type ModelInfo } from "../definitions";
import { fetchText, useFetched } from "../fetched";
import { bytes, count, parameters } from "../format";
import { MEMORY_SECTION, MemoryPanel } from "../memory/MemoryPanel";
import { ModelMemory } from "../memory/ModelMemory";
import { hrefOf } from "../routes";
import { CardText } from "./card_text";
import {
  cachesOf,
  EVALUATION_PATH,
  type Evaluation,
  loadEvaluation,
  depthChartsOf,
  storagesOf,
  tableOf,
} from "./evaluation";
import "../benchmarks/benchmarks.css";
import "./about_models.css";

const KIND: Readonly<Record<ModelInfo["kind"], string>> = {
  causal: "writes from left to right",
  masked: "fills masked positions",
};

function FullCard({ model }: { readonly model: ModelInfo }) {
  const [isOpen, setOpen] = useState(false);
  const details = useRef<HTMLDetailsElement>(null);
  const card = useFetched(isOpen ? model.card : null, fetchText);
  return (
    <details ref={details} className="more" onToggle={() => setOpen(details.current?.open ?? false)}>
      <summary>Model card: training, figures, data</summary>
      {card.state === "waiting" && isOpen && <p className="help">Loading the card…</p>}
      {card.state === "failed" && <p className="help problem">{card.message}</p>}
      {card.state === "here" && <CardText card={card.value} />}
    </details>
  );
}

function ModelCard({ model }: { readonly model: ModelInfo }) {
  const runs = methods.filter((m) => fits(m, model.id));
  return (
    <section className="model" aria-label={model.label} data-testid={`model-${model.id}`}>
      <h3>{model.label}</h3>
      <p>{model.description}</p>
      <dl className="model-facts figures">
        <div>
          <dt>parameters</dt>
          <dd>
            {parameters(model.parameters)} <span className="help">{count(model.parameters)}</span>
          </dd>
        </div>
        <div>
          <dt>download</dt>
          <dd>{bytes(model.sizeBytes)}</dd>
        </div>
        <div>
          <dt>context</dt>
          <dd>{count(model.contextLength)} tokens</dd>
        </div>
        <div>
          <dt>kind</dt>
          <dd>{KIND[model.kind]}</dd>
        </div>
        <div>
          <dt>tokenizer</dt>
          <dd>{model.tokenizer}</dd>
        </div>
        {model.draft !== null && (
          <div>
            <dt>{model.kind === "masked" ? "judged by" : "drafted for by"}</dt>
            <dd>{labelOf(model.draft)}</dd>
          </div>
        )}
        <div>
          <dt>licence of the weights</dt>
          <dd>{model.licence}</dd>
        </div>
        <div>
          <dt>runs with</dt>
          <dd>
            <a href={hrefOf("gallery")}>{runs.length} methods</a>
          </dd>
        </div>
      </dl>
      <ModelMemory model={model.id} />
      <FullCard model={model} />
      <BundledKept id={model.id} />
    </section>
  );
}

interface Measurement {
  readonly command: string;
  readonly adapter: string;
  readonly date: string;
}

function Measured({ of }: { readonly of: Readonly<Record<string, Measurement>> }) {
  return (
    <ul className="help">
      {Object.entries(of).map(([id, { command, adapter, date }]) => (
        <li key={id}>
          {labelOf(id)}: <code>{command}</code>, {date}, on <AdapterName of={adapter} />
        </li>
      ))}
    </ul>
  );
}

function Storages({ evaluation }: { readonly evaluation: Evaluation }) {
  const tables = [
    { table: storagesOf(evaluation), of: evaluation.storages },
    { table: cachesOf(evaluation), of: evaluation.caches },
  ];
  return tables.map(
    ({ table, of }) =>
      table && (
        <Fragment key={table.title}>
          <ResultTable table={table} />
          <Measured of={of ?? {}} />
        </Fragment>
      ),
  );
}

function EvaluationFigures() {
  // Known when the page is built, so that a file that is not there is not asked for.
  const path = import.meta.env["HAS_EVALUATION"] === true ? EVALUATION_PATH : null;
  const evaluation = useFetched(path, loadEvaluation);
  if (path === null)
    return (
      <p className="help" data-testid="no-evaluation">
        The models were not measured for this copy of the page; <code>npm run eval</code> does it and writes{" "}
        <code>public/{EVALUATION_PATH}</code>. What was measured in training stands in each card.
      </p>
    );
  switch (evaluation.state) {
    case "waiting":
      return <p className="help">Loading the figures…</p>;
    case "failed":
      return <p className="help problem">{evaluation.message}</p>;
    case "here":
      return (
        <>
          <ResultTable table={tableOf(evaluation.value)} />
          <div className="charts">
            {depthChartsOf(evaluation.value).map(({ model, chart }) => {
              const { command, adapter, date } = evaluation.value.models[model]!;
              const origin = { command, adapter, date, commit: null, isSoftware: false };
              return (
                <ChartFigure
                  key={chart.title}
                  chart={chart}
                  result={origin}
                  name={`decoscope-${model}-depth`}
                />
              );
            })}
          </div>
          <Measured of={evaluation.value.models} />
          <Storages evaluation={evaluation.value} />
        </>
      );
  }
}

const largest = Math.max(...models.map((m) => m.parameters));

function goTo(id: string): void {
  const section = document.getElementById(id);
  section?.scrollIntoView();
  section?.focus({ preventScroll: true });
}

export function AboutModels() {
  return (
    <div className="place-body about-models">
      <header>
        <h2>About these models</h2>
        <p>
          The models that come with this page were trained for it and are tiny: the largest has{" "}
          {parameters(largest)} parameters, about a hundred times fewer than the smallest models that people
          talk to. They show how text gets decoded and run anywhere. What they write is fiction by a very
          small model: it repeats itself, loses its thread and knows nothing.
        </p>
        <p className="models-leads">
          <button type="button" className="overview-title" onClick={() => goTo(HUB_SECTION)}>
            Bring a model of your own
          </button>{" "}
          <button type="button" className="overview-title" onClick={() => goTo(MEMORY_SECTION)}>
            See what the GPU holds
          </button>
        </p>
      </header>
      <div className="models">
        {models.map((m) => (
          <ModelCard key={m.id} model={m} />
        ))}
      </div>
      <HubModels />
      <MemoryPanel />
      <section className="result" aria-label="How good they are">
        <h3>How good they are</h3>
        <EvaluationFigures />
      </section>
      <section className="result" aria-label="Data and licences">
        <h3>Data and licences</h3>
        <p className="result-summary">
          The weights are under the licence each model names above. What a model was trained on, and under
          which terms that data came, stands in its card. Nothing you type is sent anywhere, and nothing of it
          is learned.
        </p>
      </section>
    </div>
  );
}
