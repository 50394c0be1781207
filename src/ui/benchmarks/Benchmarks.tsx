/** The place that draws what measurements wrote: one section a result, and what could be measured but was not. */
import { labelOf, methodOf } from "../definitions";
import { useFetched } from "../fetched";
import { hrefOf } from "../routes";
import { ChartFigure } from "./ChartFigure";
import { knownBenchmarks } from "./known";
import { INDEX_PATH, loadIndex, loadResult, pathOf } from "./load";
import { ResultTable } from "./ResultTable";
import type { BenchmarkResult } from "./schema";
import "./benchmarks.css";

function Origin({ result }: { readonly result: BenchmarkResult }) {
  return (
    <>
      <dl className="origin figures">
        <div>
          <dt>made by</dt>
          <dd>
            <code>{result.command}</code>
          </dd>
        </div>
        <div>
          <dt>on</dt>
          <dd>{result.adapter}</dd>
        </div>
        <div>
          <dt>date</dt>
          <dd>{result.date}</dd>
        </div>
        {result.commit !== null && (
          <div>
            <dt>commit</dt>
            <dd>{result.commit}</dd>
          </div>
        )}
      </dl>
      {result.isSoftware && (
        <p className="software-note">
          A software adapter: counts, ratios of counts and texts hold everywhere, but times are those of a CPU
          and say nothing about GPUs.
        </p>
      )}
    </>
  );
}

function Notes({ result }: { readonly result: BenchmarkResult }) {
  if (result.notes.length === 0) return null;
  return (
    <div className="result-notes">
      <h4>Notes</h4>
      <ul>
        {result.notes.map(({ method, text }) => (
          <li key={`${method ?? ""} ${text}`}>
            {method !== null && (
              <>
                {methodOf(method) ? (
                  <a href={hrefOf("gallery", method)}>{labelOf(method)}</a>
                ) : (
                  <strong>{method}</strong>
                )}
                {": "}
              </>
            )}
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function ResultSection({ result }: { readonly result: BenchmarkResult }) {
  return (
    <section className="result" aria-label={result.title} data-testid={`result-${result.id}`}>
      <h3>{result.title}</h3>
      <p className="result-summary">{result.summary}</p>
      <Origin result={result} />
      <div className="charts">
        {result.charts.map((chart, i) => (
          <ChartFigure key={i} chart={chart} result={result} name={`decoscope-${result.id}-${i + 1}`} />
        ))}
      </div>
      {result.tables.map((table, i) => (
        <ResultTable key={i} table={table} />
      ))}
      <Notes result={result} />
    </section>
  );
}

function Result({ id }: { readonly id: string }) {
  const fetched = useFetched(pathOf(id), loadResult);
  switch (fetched.state) {
    case "waiting":
      return <p className="help">Loading {id}…</p>;
    case "failed":
      return (
        <div className="notice error" role="alert">
          <p>{fetched.message}</p>
        </div>
      );
    case "here":
      return <ResultSection result={fetched.value} />;
  }
}

function NotMeasured({ ids }: { readonly ids: readonly string[] }) {
  const missing = knownBenchmarks.filter((b) => !ids.includes(b.id));
  if (missing.length === 0 && ids.length > 0) return null;
  return (
    <section className="result" aria-label="Not measured yet" data-testid="not-measured">
      <h3>Not measured yet</h3>
      {missing.length === 0 ? (
        <p className="result-summary">
          This copy of the page comes without results. Benchmarks in <code>bench/</code> write them;
          docs/benchmarks.md says how.
        </p>
      ) : (
        <ul className="missing">
          {missing.map((b) => (
            <li key={b.id}>
              {b.label}: <code>{b.command}</code> measures it and writes <code>public/{pathOf(b.id)}</code>.
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Known ones first, in their order. */
const ordered = (ids: readonly string[]): readonly string[] => {
  const known = knownBenchmarks.map((b) => b.id).filter((id) => ids.includes(id));
  return [...known, ...ids.filter((id) => !known.includes(id))];
};

export function Benchmarks() {
  const index = useFetched(INDEX_PATH, loadIndex);
  return (
    <div className="place-body">
      <header>
        <h2>Benchmarks</h2>
        <p>
          What was measured with the methods and models of this page. Every number comes from a file that a
          command wrote; the command stands beside it, so that you can make it again.
        </p>
      </header>
      {index.state === "waiting" && <p className="help">Looking for results…</p>}
      {index.state === "failed" && (
        <div className="notice error" role="alert">
          <p>{index.message}</p>
        </div>
      )}
      {index.state === "here" && (
        <>
          {ordered(index.value.results).map((id) => (
            <Result key={id} id={id} />
          ))}
          <NotMeasured ids={index.value.results} />
        </>
      )}
    </div>
  );
}
