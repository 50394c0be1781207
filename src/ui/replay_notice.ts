/** What is said when the replay of a link has ended. Fetched then. */
import type { RunStartEvent } from "../trace/events";
import { keptLabel } from "./definitions";
import { listed } from "./format";

/** @param kept models of the replay that are not kept in f32 */
export function replayNotice(isSame: boolean, kept: NonNullable<RunStartEvent["kept"]>): string {
  if (isSame) return "This replay gave exactly the tokens of the run in the link.";
  const why =
    kept.length > 0
      ? `It ran with ${listed(kept.map(keptLabel))}: fewer bits move every probability a little, and the run in the link may have been made with others. How models are kept is chosen on the Models page.`
      : "Either its models were kept in fewer bits there, or devices round differently and somewhere two tokens were nearly equally likely.";
  return `This replay gave other tokens than the run in the link. ${why}`;
}
