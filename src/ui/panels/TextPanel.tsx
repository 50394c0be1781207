/**
 * The text of the run, each token marked by how it came to be, with a legend that counts. Texts grow long while they are looked at: only
 * the parts in which something changed are drawn again.
 */
import { memo, useEffect, useRef, type RefObject } from "react";
import type { RunView, TextOrigin, TokenView } from "../../trace/view";
import { useMoment, useSelection } from "../moment";
import { goTo } from "../playback";
import { hover, pin, type Selection } from "../stores/layout";
import { BLANK_SIGNS, isWhitespace, visiblePiece } from "../format";
import { SIGN_HELP, SIGN_NAME } from "../views/glyphs";
import { explains } from "./Explain";

/** Order of the legend. */
const ORIGINS: readonly TextOrigin[] = ["given", "forced", "accepted", "residual", "bonus", "target"];
/** Shown only where the run has some. */
const AT_START: ReadonlySet<TextOrigin> = new Set(["given", "forced"]);

interface TokenProps {
  readonly token: TokenView;
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
}

const Token = memo(function Token({ token, isCurrent, isSelected }: TokenProps) {
  const selection: Selection =
    token.node === null
      ? { kind: "extra", step: token.step }
      : { kind: "node", step: token.step, node: token.node };
  return (
    <span
      className="token"
      data-testid="token"
      data-origin={token.origin}
      data-step={token.step}
      data-current={isCurrent || undefined}
      data-selected={isSelected || undefined}
      data-blank={isWhitespace(token.text) ? visiblePiece(token.text) : undefined}
      onPointerEnter={() => hover(token.step < 0 ? null : selection)}
      onPointerLeave={() => hover(null)}
      onClick={() => {
        goTo(token.step);
        pin(token.step < 0 ? null : selection);
      }}
    >
      {token.text}
    </span>
  );
});

const isOf = (t: TokenView, selection: Selection): boolean =>
  t.step === selection.step &&
  (selection.kind === "node" ? t.node === selection.node : selection.kind === "extra" && t.node === null);

interface PartProps {
  readonly tokens: readonly TokenView[];
  /** The shown step, and what is chosen, if they concern one of these tokens. */
  readonly step: number | null;
  readonly selection: Selection | null;
}

/** A few tokens in a row. */
const Part = memo(function Part({ tokens, step, selection }: PartProps) {
  return tokens.map((t) => (
    <Token
      key={t.position}
      token={t}
      isCurrent={t.step === step}
      isSelected={selection !== null && isOf(t, selection)}
    />
  ));
});

/** Shows the end of what grows inside a box. The browser says when it has grown, having laid it out anyway. */
function useEndInSight(box: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (!content.current) return undefined;
    const observer = new ResizeObserver(() => {
      if (box.current) box.current.scrollTop = box.current.scrollHeight;
    });
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [box, content]);
}

/** What the signs for whitespace stand for. */
export const BlankKey = () => <li className="blank-key">{BLANK_SIGNS}</li>;

export function Legend({ view }: { readonly view: RunView }) {
  const counts = new Map<TextOrigin, number>();
  let hasBlanks = false;
  for (const { origin, text } of view.tokens.toArray()) {
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
    hasBlanks ||= isWhitespace(text);
  }
  const hasDrafts = view.rounds.at(0)?.law != null;
  return (
    <ul className="legend" aria-label="How tokens came to be">
      {ORIGINS.filter(
        (origin) =>
          counts.has(origin) ||
          (!AT_START.has(origin) && (hasDrafts ? origin !== "target" : origin === "target")),
      ).map((origin) => (
        <li key={origin}>
          <span className="legend-line" data-origin={origin} />
          <span {...explains(SIGN_HELP[origin])}>{SIGN_NAME[origin]}</span>{" "}
          <span className="figures">{counts.get(origin) ?? 0}</span>
        </li>
      ))}
      {hasBlanks && <BlankKey />}
    </ul>
  );
}

export function TextPanel() {
  const { view, step } = useMoment();
  const box = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLParagraphElement>(null);
  const selection = useSelection(step);
  useEndInSight(box, text);
  return (
    <section className="text-panel" aria-label="Text">
      {/* A scrolling region has to be reachable by keyboard. */}
      <div className="text-scroll" ref={box} tabIndex={0} role="group" aria-label="Text of the run">
        <p className="text" ref={text}>
          <span className="text-prompt">{view.start?.prompt}</span>
          {view.tokens.parts().map((tokens, k) => {
            // Steps only grow from token to token.
            const [first, last] = [tokens[0]!.step, tokens.at(-1)!.step];
            const concerns = (other: number): boolean => first <= other && other <= last;
            return (
              <Part
                key={k}
                tokens={tokens}
                step={concerns(step) ? step : null}
                selection={selection && concerns(selection.step) ? selection : null}
              />
            );
          })}
        </p>
      </div>
      <Legend view={view} />
    </section>
  );
}
