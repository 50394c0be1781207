/** The visitor's device as a benchmark: reading, writing, verifying, beside a plain copy in memory. */
import { useId, useMemo, useState } from "react";
import { ResultSection } from "../benchmarks/ResultSection";
import type { BenchmarkResult } from "../benchmarks/schema";
import { allModels, labelOf } from "../definitions";
import { hrefOf } from "../routes";
import { useEngine } from "../stores/engine";
import { markdownOf, resultOf } from "./result";
import { measure, PARTS, stopMeasuring, useDeviceBench } from "./store";
import "../parallel_bench/parallel_bench.css";

/** Models that write one token after another and read all their weights once a token. */
const able = () => allModels().filter((m) => m.kind === "causal" && m.recurrence === undefined);

function Progress() {
  const { phase, done, problem, measured } = useDeviceBench();
  if (phase === "idle" && problem !== null)
    return (
      <div className="notice error" role="alert">
        <p>{problem}</p>
      </div>
    );
  if (phase === "idle" && measured === null) return null;
  const isDone = done === PARTS.length;
  const words =
    phase === "preparing"
      ? "Getting the model ready"
      : phase === "idle"
        ? isDone
          ? "Done"
          : "Stopped"
        : (PARTS[done]?.[1] ?? "");
  return (
    <div className="bench-progress" data-testid="bench-progress">
      <progress value={done / PARTS.length} max={1} aria-label="Parts measured" />
      <p className="figures" role="status">{`${done} of ${PARTS.length} parts. ${words}`}</p>
    </div>
  );
}

function Copies({ result }: { readonly result: BenchmarkResult }) {
  const [said, setSaid] = useState("");
  const copy = async (name: string, text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid(`Copied as ${name}.`);
    } catch {
      setSaid("The browser did not allow copying.");
    }
  };
  return (
    <div className="bench-buttons">
      <button type="button" onClick={() => void copy("JSON", `${JSON.stringify(result, null, 2)}\n`)}>
        Copy as JSON
      </button>
      <button type="button" onClick={() => void copy("Markdown", markdownOf(result))}>
        Copy as Markdown
      </button>
      <p className="help" role="status">
        {said}
      </p>
    </div>
  );
}

export function DeviceBench() {
  const id = useId();
  const { model, phase, measured } = useDeviceBench();
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const result = useMemo(() => measured && resultOf(measured, labelOf(measured.model)), [measured]);
  return (
    <div className="place-body">
      <header>
        <h2>This device</h2>
        <p>
          How fast a model reads and writes here, how near that is to what the memory can do, and what it
          costs to verify a draft. It takes from a few seconds to a minute or two.{" "}
          <a href={hrefOf("benchmarks")}>All benchmarks</a>
        </p>
      </header>
      <section className="bench-form" aria-label="What is measured">
        <div className="bench-sizes">
          <label htmlFor={`${id}-model`}>Model</label>
          <select
            id={`${id}-model`}
            value={model}
            disabled={phase !== "idle"}
            onChange={(e) => useDeviceBench.setState({ model: e.target.value })}
          >
            {able().map((m) => (
              <option key={m.id} value={m.id}>
                {m.label}
              </option>
            ))}
          </select>
        </div>
        <div className="bench-buttons">
          {phase === "idle" ? (
            <button type="button" className="primary" disabled={!hasWebGpu} onClick={() => void measure()}>
              Measure
            </button>
          ) : (
            <button type="button" onClick={stopMeasuring}>
              Cancel
            </button>
          )}
          {!hasWebGpu && <p className="help">This browser has no WebGPU, which running a model needs.</p>}
        </div>
        <Progress />
        {result && phase === "idle" && <Copies result={result} />}
      </section>
      {result && <ResultSection result={result} />}
    </div>
  );
}
