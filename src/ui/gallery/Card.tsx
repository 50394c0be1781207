/** One method: what it is, what it needs, whose idea it was, and the way to its run. */
import { useEffect, useRef } from "react";
import type { MethodInfo } from "../definitions";
import { HOME, hrefOf } from "../routes";
import { useRoute } from "../stores/route";
import { needsOf, promiseOf } from "./words";

export function Card({ method }: { readonly method: MethodInfo }) {
  const box = useRef<HTMLLIElement>(null);
  const isAsked = useRoute((s) => s.item === method.id);
  useEffect(() => {
    if (!isAsked) return;
    box.current?.scrollIntoView({ block: "center" });
    box.current?.focus({ preventScroll: true });
  }, [isAsked]);
  const { source } = method;
  return (
    <li
      ref={box}
      className="card"
      tabIndex={-1}
      data-asked={isAsked || undefined}
      data-testid={`card-${method.id}`}
      aria-label={method.label}
    >
      <h4>{method.label}</h4>
      <p className="card-summary">{method.summary}</p>
      <p className="card-paper">
        <a href={source.url} target="_blank" rel="noreferrer">
          {source.title}
        </a>{" "}
        {source.authors}, <span className="figures">{source.year}</span>
      </p>
      <ul className="card-facts">
        <li>{needsOf(method)}</li>
        <li>{promiseOf(method)}</li>
      </ul>
      <a className="card-open" href={hrefOf(HOME, method.id)} aria-label={`Open ${method.label}`}>
        Open
      </a>
    </li>
  );
}
