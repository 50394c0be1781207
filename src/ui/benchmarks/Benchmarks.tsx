/** The place that draws what measurements wrote: one section a result, and what could be measured but was not. */
import { lazy, Suspense, useEffect, useState } from "react";
import { useFetched } from "../fetched";
import { plural } from "../format";
import { hrefOf } from "../routes";
import { useRoute } from "../stores/route";
import { knownBenchmarks } from "./known";
import { INDEX_PATH, loadIndex, loadResult, pathOf } from "./load";
import { ResultSection } from "./ResultSection";
import "./benchmarks.css";

/** The items of this place that measure on the visitor's device: strategies of ParallelBench, and the device itself. */
const LIVE = "measure";
const DEVICE = "device";

function Result({ id, outdated }: { readonly id: string; readonly outdated: readonly string[] }) {
  const fetched = useFetched(pathOf(id), loadResult);
  switch (fetched.state) {
    case "waiting":
      return <p className="help">Loading…</p>;
    case "failed":
      return (
        <div className="notice error" role="alert">
          <p>{fetched.message}</p>
        </div>
      );
    case "here":
      return <ResultSection result={fetched.value} outdated={outdated} />;
  }
}

/** One line of the overview: what a result file asks, when and how it was measured, and how much there is to see. */
function OverviewLine({ id }: { readonly id: string }) {
  const fetched = useFetched(pathOf(id), loadResult);
  if (fetched.state !== "here")
    return (
      <p className="help">
        {fetched.state === "waiting"
          ? `Loading ${knownBenchmarks.find((b) => b.id === id)?.label ?? id}\u2026`
          : `${knownBenchmarks.find((b) => b.id === id)?.label ?? id}: could not be read, see below.`}
      </p>
    );
  const { title, charts, tables, date, isSoftware } = fetched.value;
  const go = () => {
    const section = document.getElementById(`result-${id}`);
    section?.scrollIntoView();
    section?.focus({ preventScroll: true });
  };
  return (
    <>
      <button type="button" className="overview-title" onClick={go}>
        {title}
      </button>
      <p className="help figures">
        {plural(charts.length, "chart")}, {plural(tables.length, "table")}, {date}
        {isSoftware ? ", counted on a software adapter" : ""}
      </p>
    </>
  );
}

const OVERVIEW = "benchmarks-overview";

/** Everything that was measured, at a glance, and what can be measured here. */
function Overview({ ids }: { readonly ids: readonly string[] }) {
  return (
    <nav
      id={OVERVIEW}
      tabIndex={-1}
      className="overview"
      aria-label="What was measured"
      data-testid="overview"
    >
      <ul>
        {ids.map((id) => (
          <li key={id}>
            <OverviewLine id={id} />
          </li>
        ))}
        <li>
          <a className="overview-title" href={hrefOf("models")}>
            Models: bits per byte of stories, right answers of tasks
          </a>
          <p className="help">Figures of every bundled model, on its card.</p>
        </li>
        <li>
          <a className="overview-title" href={hrefOf("benchmarks", DEVICE)}>
            Measure this device
          </a>
          <p className="help">
            Tokens a second, bytes a second beside a copy in memory, what a pass over 1 to 32 rows costs.
          </p>
        </li>
        <li>
          <a className="overview-title" href={hrefOf("benchmarks", LIVE)}>
            Measure ParallelBench on this device
          </a>
          <p className="help">Tasks and strategies of your choice, or a set of them in one click.</p>
        </li>
      </ul>
    </nav>
  );
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

const ParallelBench = lazy(async () => ({
  default: (await import("../parallel_bench/ParallelBench")).ParallelBench,
}));

const DeviceBench = lazy(async () => ({
  default: (await import("../device_bench/DeviceBench")).DeviceBench,
}));

export function Benchmarks() {
  const item = useRoute((s) => s.item);
  if (item !== LIVE && item !== DEVICE) return <Results />;
  return (
    <Suspense fallback={<p className="place-waiting help">Loading the benchmark…</p>}>
      {item === LIVE ? <ParallelBench /> : <DeviceBench />}
    </Suspense>
  );
}

/** The way back from charts far below; out of the way while the list is in sight. */
function ToOverview() {
  const [isInSight, setInSight] = useState(true);
  useEffect(() => {
    const list = document.getElementById(OVERVIEW);
    if (!list) return undefined;
    const observer = new IntersectionObserver((entries) =>
      setInSight(entries.at(-1)?.isIntersecting ?? false),
    );
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  const go = (): void => {
    const list = document.getElementById(OVERVIEW);
    list?.scrollIntoView({ block: "center" });
    list?.focus({ preventScroll: true });
  };
  return (
    <button type="button" className="to-overview" hidden={isInSight} onClick={go}>
      To the list of results
    </button>
  );
}

function Results() {
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
      {index.state === "here" && <Overview ids={ordered(index.value.results)} />}
      {index.state === "waiting" && <p className="help">Looking for results…</p>}
      {index.state === "failed" && (
        <div className="notice error" role="alert">
          <p>{index.message}</p>
        </div>
      )}
      {index.state === "here" && (
        <div>
          {ordered(index.value.results).map((id) => (
            <Result
              key={id}
              id={id}
              outdated={index.value.outdated.find(({ result }) => result === id)?.models ?? []}
            />
          ))}
          <NotMeasured ids={index.value.results} />
          <ToOverview />
        </div>
      )}
    </div>
  );
}
