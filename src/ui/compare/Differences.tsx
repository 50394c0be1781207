/** The texts of the compared runs under one another, with what each does not share with the first. */
import { labelOf, methodOf } from "../definitions";
import { plural } from "../format";
import { commonParts } from "./difference";
import type { Lane } from "./store";
import { textTokens, type TextToken } from "./texts";

/** End tokens are no text to compare by eye. */
const visible = (text: string): string => (/^<\|?\w+\|?>$/.test(text) ? "\u23f9" : text);

function Line({
  tokens,
  common,
}: {
  readonly tokens: readonly TextToken[];
  readonly common: readonly boolean[];
}) {
  return (
    <p className="text difference-text">
      {tokens.map(({ text }, i) =>
        common[i] ? <span key={i}>{visible(text)}</span> : <mark key={i}>{visible(text)}</mark>,
      )}
    </p>
  );
}

/** Exact methods may write other texts where tokens are drawn: said, because it looks as if they were not exact. */
function onExactness(lanes: readonly Lane[]): string {
  const { temperature } = lanes[0]!.settings.sampler;
  // Beside a first run that is not exact itself, texts differ for its reasons.
  const [isFirstExact, ...others] = lanes.map(({ settings }) => methodOf(settings.method)?.lossless ?? false);
  const isExact = isFirstExact === true && others.includes(true);
  return temperature > 0 && isExact
    ? ` At temperature ${temperature} tokens are drawn, and each method uses its random numbers in its own way: an exact one writes every text as often as the first, not the same text. At temperature 0 it does.`
    : "";
}

const same = (a: readonly TextToken[], b: readonly TextToken[]): boolean =>
  a.length === b.length && a.every(({ token }, i) => token === b[i]!.token);

export function Differences({ lanes }: { readonly lanes: readonly Lane[] }) {
  const texts = lanes.map((lane) => (lane.timeline ? textTokens(lane.timeline.latest) : null));
  const first = texts[0];
  if (!first || texts.filter((t) => t !== null).length < 2) return null;
  const isAllSame = texts.every((t) => !t || same(t, first));
  const ids = (tokens: readonly TextToken[]): number[] => tokens.map(({ token }) => token);
  return (
    <section aria-label="Difference of the texts" className="differences" data-testid="differences">
      <h3>Difference of the texts</h3>
      <p className="help" data-testid="difference-summary">
        {isAllSame
          ? "All texts are the same, token by token: only the way there differs."
          : `Underlined: tokens that the first text does not have at that place.${onExactness(lanes)}`}
      </p>
      {texts.map((tokens, i) => {
        if (!tokens || (isAllSame && i > 0)) return null;
        const common = i === 0 ? first.map(() => true) : commonParts(ids(first), ids(tokens)).b;
        const changed = common.filter((c) => !c).length;
        return (
          <div key={lanes[i]!.id} className="difference">
            <p className="help">
              {isAllSame ? "All runs" : `${i + 1}. ${labelOf(lanes[i]!.settings.method)}`}
              {i === 0
                ? ""
                : changed === 0 && tokens.length === first.length
                  ? ": the same text"
                  : `: ${changed} of ${plural(tokens.length, "token")} differ`}
            </p>
            <Line tokens={tokens} common={common} />
          </div>
        );
      })}
    </section>
  );
}
