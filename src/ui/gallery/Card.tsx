/** One method: its run, what it is and needs, whose idea it was, and the way to the playground. */
import { useEffect, useRef } from "react";
import type { BenchmarkIndex } from "../benchmarks/schema";
import type { MethodInfo } from "../definitions";
import { HOME, hrefOf } from "../routes";
import { openAgain, useRoute } from "../stores/route";
import { CardRun } from "./CardRun";
import { needsOf, promiseOf } from "./words";

/** What benchmarks note of a method: whether what its paper says of it holds here. */
function Measured({ notes }: { readonly notes: readonly BenchmarkIndex["notes"][number][] }) {
  if (notes.length === 0) return null;
  return (
    <details className="card-measured">
      <summary>Measured here</summary>
      {notes.map(({ result, text }) => (
        <p key={`${result} ${text}`}>{text}</p>
      ))}
      <p>
        <a href={hrefOf("benchmarks")}>All measurements</a>
      </p>
    </details>
  );
}

interface CardProps {
  readonly method: MethodInfo;
  readonly notes: readonly BenchmarkIndex["notes"][number][];
}

export function Card({ method, notes }: CardProps) {
  const box = useRef<HTMLLIElement>(null);
  const isAsked = useRoute((s) => s.item === method.id);
  useEffect(() => {
    if (!isAsked) return;
    box.current?.scrollIntoView({ block: "center" });
    box.current?.focus({ preventScroll: true });
  }, [isAsked]);
  const { source, showcase } = method;
  return (
    <li
      ref={box}
      className="card"
      tabIndex={-1}
      data-asked={isAsked || undefined}
      data-testid={`card-${method.id}`}
      aria-label={method.label}
    >
      <CardRun method={method.id} />
      <h4>{method.label}</h4>
      <p>{method.summary}</p>
      {showcase && (
        <p className="card-watch">
          <strong>Watch:</strong> {showcase.watch}
        </p>
      )}
      <p className="card-paper">
        {source.authors}, <span className="figures">{source.year}</span>:{" "}
        <a href={source.url} target="_blank" rel="noreferrer">
          {source.title}
        </a>
      </p>
      <dl className="card-facts">
        <dt>Needs</dt>
        <dd>{needsOf(method)}</dd>
        <dt>Text</dt>
        <dd>{promiseOf(method)}</dd>
      </dl>
      <Measured notes={notes} />
      <a
        className="card-open"
        href={hrefOf(HOME, method.id)}
        aria-label={`Open ${method.label}`}
        onClick={openAgain}
      >
        Open
      </a>
    </li>
  );
}
