/** The text of the run, each token marked by how it came to be, with a legend that counts. */
import { memo, useEffect, useRef } from "react";
import type { RunView, TextOrigin, TokenView } from "../../trace/view";
import { useMoment, useSelection } from "../moment";
import { goTo } from "../playback";
import { hover, pin, type Selection } from "../stores/layout";
import { BLANK_SIGNS, isWhitespace, visiblePiece } from "../format";
import { SIGN_NAME } from "../views/glyphs";

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

/** What the signs for whitespace stand for. */
export const BlankKey = () => <li className="blank-key">{BLANK_SIGNS}</li>;

export function Legend({ view }: { readonly view: RunView }) {
  const tokens = view.tokens.toArray();
  const present = ORIGINS.map((origin) => ({ origin, n: tokens.filter((t) => t.origin === origin).length }));
  const hasDrafts = view.rounds.at(0)?.law != null;
  return (
    <ul className="legend" aria-label="How tokens came to be">
      {present
        .filter(
          ({ origin, n }) =>
            n > 0 || (!AT_START.has(origin) && (hasDrafts ? origin !== "target" : origin === "target")),
        )
        .map(({ origin, n }) => (
          <li key={origin}>
            <span className="legend-line" data-origin={origin} />
            {SIGN_NAME[origin]} <span className="figures">{n}</span>
          </li>
        ))}
      {tokens.some((t) => isWhitespace(t.text)) && <BlankKey />}
    </ul>
  );
}

export function TextPanel() {
  const { view, step } = useMoment();
  const box = useRef<HTMLDivElement>(null);
  const selection = useSelection(step);
  const tokens = view.tokens.toArray();
  useEffect(() => {
    const { current } = box;
    if (current) current.scrollTop = current.scrollHeight;
  }, [tokens.length]);
  const isSelected = (t: TokenView): boolean =>
    selection !== null &&
    t.step === selection.step &&
    (selection.kind === "node" ? t.node === selection.node : selection.kind === "extra" && t.node === null);
  return (
    <section className="text-panel" aria-label="Text">
      {/* A scrolling region has to be reachable by keyboard. */}
      <div className="text-scroll" ref={box} tabIndex={0} role="group" aria-label="Text of the run">
        <p className="text">
          <span className="text-prompt">{view.start?.prompt}</span>
          {tokens.map((t) => (
            <Token key={t.position} token={t} isCurrent={t.step === step} isSelected={isSelected(t)} />
          ))}
        </p>
      </div>
      <Legend view={view} />
    </section>
  );
}
