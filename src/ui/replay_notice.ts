/** What is said when the replay of a link has ended. Fetched then. */
import type { KeptModel } from "../trace/events";
import { keptLabel } from "./definitions";
import { listed } from "./format";

const ROUNDING = "devices round differently and somewhere two tokens were nearly equally likely";
const CHOSEN = "How models are kept is chosen on the Models page.";

/** The same words in the same order whatever order the models came in. */
const asText = (kept: readonly KeptModel[]): string => kept.map(keptLabel).sort().join("\n");

/**
 * @param there models of the run in the link that were not kept in f32; none also for links from before links said so
 * @param here the same of the replay
 */
export function replayNotice(
  isSame: boolean,
  there: readonly KeptModel[],
  here: readonly KeptModel[],
): string {
  if (isSame) return "This replay gave exactly the tokens of the run in the link.";
  return `This replay gave other tokens than the run in the link. ${why(there, here)}`;
}

function why(there: readonly KeptModel[], here: readonly KeptModel[]): string {
  const ran = here.length > 0 ? listed(here.map(keptLabel)) : "all its models in f32";
  if (there.length > 0)
    return asText(there) === asText(here)
      ? `Both ran with ${ran}, so ${ROUNDING}.`
      : `It ran with ${ran}, the run in the link with ${listed(there.map(keptLabel))}: other bits move every probability a little. ${CHOSEN}`;
  return here.length > 0
    ? `It ran with ${ran}: fewer bits move every probability a little, and the run in the link may have been made with others. ${CHOSEN}`
    : `Either its models were kept in fewer bits there, or ${ROUNDING}.`;
}
