/** The texts of the compared runs under one another, with what each does not share with the first. */
import { labelOf } from "../definitions";
import { commonParts } from "./difference";
import type { Lane } from "./store";
import { textTokens, type TextToken } from "./texts";

function Line({
  tokens,
  common,
}: {
  readonly tokens: readonly TextToken[];
  readonly common: readonly boolean[];
}) {
  return (
    <p className="text difference-text">
      {tokens.map(({ text }, i) => (common[i] ? <span key={i}>{text}</span> : <mark key={i}>{text}</mark>))}
    </p>
  );
}

export function Differences({ lanes }: { readonly lanes: readonly Lane[] }) {
  const texts = lanes.map((lane) => (lane.timeline ? textTokens(lane.timeline.latest) : null));
  const first = texts[0];
  if (!first || texts.filter((t) => t !== null).length < 2) return null;
  const ids = (tokens: readonly TextToken[]): number[] => tokens.map(({ token }) => token);
  return (
    <section aria-label="Difference of the texts" className="differences" data-testid="differences">
      <h3>Difference of the texts</h3>
      <p className="help">Marked: tokens that the first text does not have at that place.</p>
      {texts.map((tokens, i) => {
        if (!tokens) return null;
        const common = i === 0 ? first.map(() => true) : commonParts(ids(first), ids(tokens)).b;
        const changed = common.filter((c) => !c).length;
        return (
          <div key={lanes[i]!.id} className="difference">
            <p className="help">
              {i + 1}. {labelOf(lanes[i]!.settings.method)}
              {i === 0 ? "" : changed === 0 && tokens.length === first.length ? ": the same text" : ""}
            </p>
            <Line tokens={tokens} common={common} />
          </div>
        );
      })}
    </section>
  );
}
