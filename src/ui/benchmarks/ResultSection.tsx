/** What one benchmark found: where it comes from, charts, tables, notes. */
import { useMemo } from "react";
import { AdapterName } from "../adapter";
import { labelOf, methodOf } from "../definitions";
import { listed, quoted } from "../format";
import { hrefOf } from "../routes";
import { ChartFigure } from "./ChartFigure";
import { markedAlike } from "./marks";
import { resultWithNames } from "./names";
import { ResultTable } from "./ResultTable";
import type { BenchmarkResult } from "./schema";
import "./benchmarks.css";

interface Props {
  readonly result: BenchmarkResult;
  /** Models that were trained further since they were measured. */
  readonly outdated?: readonly string[] | undefined;
}

/** As many digits of a hash as tell weights apart. */
const HASH_DIGITS = 8;

function Origin({ result, outdated = [] }: Props) {
  const weights = Object.entries(result.weights);
  return (
    <>
      <dl className="origin">
        <div>
          <dt>command</dt>
          <dd>
            <code>{result.command}</code>
          </dd>
        </div>
        <div>
          <dt>on</dt>
          <dd>
            <AdapterName of={result.adapter} isSoftware={result.isSoftware} />
          </dd>
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
        {weights.length > 0 && (
          <div className="origin-weights">
            <dt title="The start of the SHA-256 of each model's weights">weights</dt>
            {weights.map(([model, hash]) => (
              <dd key={model}>
                {labelOf(model)} <code title={hash}>{hash.slice(0, HASH_DIGITS)}</code>
              </dd>
            ))}
          </div>
        )}
      </dl>
      {outdated.length > 0 && (
        <p className="software-note" data-testid="outdated">
          Measured with earlier weights of {listed(outdated.map((id) => quoted(labelOf(id))))}: since then
          they were trained further. The command measures them anew.
        </p>
      )}
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

export function ResultSection({ result: found, outdated }: Props) {
  const result = useMemo(() => resultWithNames(found), [found]);
  const charts = useMemo(() => markedAlike(result.charts), [result]);
  return (
    <section
      className="result"
      id={`result-${result.id}`}
      tabIndex={-1}
      aria-label={result.title}
      data-testid={`result-${result.id}`}
    >
      <h3>{result.title}</h3>
      <p className="result-summary">{result.summary}</p>
      <Origin result={result} outdated={outdated} />
      <div className="charts">
        {charts.map((chart, i) => (
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
