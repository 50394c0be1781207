/**
 * The text of the run, each token marked by how it came to be, with a legend that counts. Texts grow long while they are looked at: only
 * the parts in which something changed are drawn again.
 */
import { memo, useEffect, useMemo, useRef, type RefObject } from "react";
import type { DepthEvent } from "../../trace/depth_events";
import type { RunView, TextOrigin, TokenView } from "../../trace/view";
import { useMoment, useSelection } from "../moment";
import { drafts } from "../captions";
import { goTo } from "../playback";
import { hover, pin, type Selection } from "../stores/layout";
import { useRun } from "../stores/run";
import { BLANK_SIGNS, isWhitespace, visiblePiece } from "../format";
import { signWords } from "../views/glyphs";
import { DepthKey, depthsOf, latentOf, TintedPrompt, tintStyle, type Depths } from "./DepthText";
import { explains } from "./Explain";

/** Order of the legend. */
const ORIGINS: readonly TextOrigin[] = ["given", "forced", "accepted", "residual", "bonus", "target"];
/** Shown only where the run has some. */
const AT_START: ReadonlySet<TextOrigin> = new Set(["given", "forced"]);

interface TokenProps {
  readonly token: TokenView;
  /** Its own depth, and the deepest there is; null in runs of one depth and before it has one. */
  readonly depth: DepthEvent | null;
  readonly deepest: number;
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
}

const Token = memo(function Token({ token, depth, deepest, isCurrent, isSelected }: TokenProps) {
  const selection: Selection = depth
    ? latentOf(depth)
    : token.node === null
      ? { kind: "extra", step: token.step, position: token.position }
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
      data-depth={depth?.depth}
      style={depth ? tintStyle(depth.depth, deepest) : undefined}
      onPointerEnter={() => hover(token.step < 0 ? null : selection)}
      onPointerLeave={() => hover(null)}
      onClick={() => {
        goTo(selection.step);
        pin(token.step < 0 ? null : selection);
      }}
    >
      {token.text}
    </span>
  );
});

const isOf = (t: TokenView, selection: Selection): boolean =>
  selection.kind === "position" || selection.kind === "extra"
    ? t.position === selection.position
    : t.step === selection.step && selection.kind === "node" && t.node === selection.node;

interface PartProps {
  readonly tokens: readonly TokenView[];
  readonly depths: Depths | null;
  /** The shown step, and what is chosen, if they concern one of these tokens. */
  readonly step: number | null;
  readonly selection: Selection | null;
}

/** Of the depths only those of the part's own tokens count, which change once. */
const isSamePart = (a: PartProps, b: PartProps): boolean =>
  a.tokens === b.tokens &&
  a.step === b.step &&
  a.selection === b.selection &&
  a.depths?.deepest === b.depths?.deepest &&
  (a.depths === null || a.tokens.every((t) => a.depths!.of.get(t.position) === b.depths!.of.get(t.position)));

/** A few tokens in a row. */
const Part = memo(function Part({ tokens, depths, step, selection }: PartProps) {
  return tokens.map((t) => (
    <Token
      key={t.position}
      token={t}
      depth={depths?.of.get(t.position) ?? null}
      deepest={depths?.deepest ?? 0}
      isCurrent={t.step === step}
      isSelected={selection !== null && isOf(t, selection)}
    />
  ));
}, isSamePart);

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

function Legend({ view, depths }: { readonly view: RunView; readonly depths: Depths | null }) {
  const counts = new Map<TextOrigin, number>();
  let hasBlanks = false;
  for (const { origin, text } of view.tokens.toArray()) {
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
    hasBlanks ||= isWhitespace(text);
  }
  // Of the whole run, so that the legend is the same at every moment of it.
  const first = useRun((s) => s.latest.rounds.at(0));
  const hasDrafts = first ? first.law !== null : drafts(view);
  return (
    <ul className="legend" aria-label="How tokens came to be">
      {ORIGINS.filter(
        (origin) =>
          counts.has(origin) ||
          (!AT_START.has(origin) && (hasDrafts ? origin !== "target" : origin === "target")),
      ).map((origin) => {
        const { name, help } = signWords(origin, first);
        return (
          <li key={origin}>
            <span className="legend-line" data-origin={origin} />
            <span {...explains(help)}>{name}</span> <span className="figures">{counts.get(origin) ?? 0}</span>
          </li>
        );
      })}
      {depths && <DepthKey {...depths} />}
      {hasBlanks && <BlankKey />}
    </ul>
  );
}

export function TextPanel() {
  const { view, step } = useMoment();
  const box = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLParagraphElement>(null);
  const selection = useSelection(step);
  const depths = useMemo(() => depthsOf(view), [view]);
  useEndInSight(box, text);
  return (
    <section className="text-panel" aria-label="Text">
      {/* A scrolling region has to be reachable by keyboard. */}
      <div className="text-scroll" ref={box} tabIndex={0} role="group" aria-label="Text of the run">
        <p className="text" ref={text}>
          <span className="text-prompt">
            {depths ? <TintedPrompt view={view} depths={depths} /> : view.start?.prompt}
          </span>
          {view.tokens.parts().map((tokens, k) => {
            // Steps only grow from token to token.
            const [first, last] = [tokens[0]!.step, tokens.at(-1)!.step];
            const concerns = (other: number): boolean => first <= other && other <= last;
            const isChosenHere =
              selection !== null &&
              (selection.kind === "position" ? depths !== null : concerns(selection.step));
            return (
              <Part
                key={k}
                tokens={tokens}
                depths={depths}
                step={concerns(step) ? step : null}
                selection={isChosenHere ? selection : null}
              />
            );
          })}
        </p>
      </div>
      <Legend view={view} depths={depths} />
    </section>
  );
}
