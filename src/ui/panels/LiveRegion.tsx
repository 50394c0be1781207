/** Tells screen readers what each step decided. */
import type { RoundView } from "../../trace/view";
import { useMoment } from "../moment";
import { textOfRound } from "../views/thumbnail";
import { plural, quoted } from "../format";

/** One or two sentences about a round as far as it has come. */
export function announce(round: RoundView): string {
  const drafted = Math.max(0, round.nodes.length - 1);
  const step = `Step ${round.step + 1}`;
  if (round.phase === "drafted") return `${step}: ${plural(drafted, "token")} drafted.`;
  const accepted = round.nodes.filter((n) => n.state === "accepted").length;
  const rejected = round.nodes.filter((n) => n.state === "rejected").length;
  const verdicts = drafted > 0 ? ` ${accepted} accepted, ${rejected} rejected.` : "";
  if (round.phase === "verified") return `${step}:${verdicts}`;
  if (round.canvas?.denoise?.reused) return `${step}: no pass was needed.`;
  if (round.phase === "open") return `${step}.`;
  return `${step}: committed ${quoted(textOfRound(round).trim())}.${verdicts}`;
}

export function LiveRegion() {
  const { view, step } = useMoment();
  const round = step < 0 ? undefined : view.rounds.at(step);
  return (
    <p className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {round ? announce(round) : ""}
    </p>
  );
}
