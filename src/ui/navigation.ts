/** Follows the page's address: opens the place it names, or the run of a link. */
import { methodOf } from "./definitions";
import { openRecordedRun } from "./files";
import { placeIds } from "./places/index";
import { HOME, readFragment } from "./routes";
import { openLink } from "./share_link";
import { addNotice } from "./stores/engine";
import { useRoute } from "./stores/route";
import { setMethod } from "./stores/settings";
import { useRun } from "./stores/run";

/** The link that was opened last: coming back to it from another place leaves the stage as it is. */
let opened: string | null = null;

/** "#playground/rsd-s": the method is chosen in the setup column. */
function openMethod(id: string): void {
  if (methodOf(id)) setMethod(id);
  else addNotice(`This page has no method called \u201c${id}\u201d. The gallery has all there are.`);
}

/** Goes where a fragment says; says what is wrong with one that leads nowhere. */
export function follow(fragment: string): void {
  const read = readFragment(fragment, placeIds);
  useRoute.setState(read.kind === "place" ? read.route : { place: HOME, item: null });
  if (read.kind === "unknown")
    addNotice(
      `This page has no place called \u201c${read.name}\u201d. There are ${placeIds.map((id) => `#${id}`).join(", ")}; links to runs begin with #v1.`,
    );
  if (read.kind === "link" && fragment !== opened) {
    opened = fragment;
    openLink(fragment);
  }
  const { place, item } = useRoute.getState();
  if (place === HOME && item !== null && fragment !== opened) {
    opened = fragment;
    openMethod(item);
  }
  // A link's own run goes before the recorded one, which is fetched only for those who see the stage.
  if (place === HOME && useRun.getState().source.kind === "none") void openRecordedRun(false);
}
