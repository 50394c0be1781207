/** Follows the page's address: opens the place it names, or the run of a link. */
import { openRecordedRun } from "./files";
import { openMethod } from "./open_method";
import { placeIds } from "./places/index";
import { HOME, readFragment } from "./routes";
import { report } from "./engine";
import { addAddressNotice, dropAddressNotices } from "./stores/engine";
import { useLayout } from "./stores/layout";
import { useRoute } from "./stores/route";
import { useRun } from "./stores/run";

/** The code that reads links is fetched by those who come with one. */
async function followLink(fragment: string): Promise<void> {
  try {
    const { openLink } = await import("./share_link");
    if (useRoute.getState().opened === fragment) openLink(fragment);
  } catch (thrown) {
    report(thrown);
  }
  // In a frame another run than the link's would only mislead.
  if (useRun.getState().source.kind === "none" && !useLayout.getState().isReplayOnly)
    await openRecordedRun(false);
}

/** Goes where a fragment says; says what is wrong with one that leads nowhere. Settles once what it leads to stands on the stage. */
export async function follow(fragment: string): Promise<void> {
  const read = readFragment(fragment, placeIds);
  const { place, item } = read.kind === "place" ? read.route : { place: HOME, item: null };
  const isNew = fragment !== useRoute.getState().opened;
  useRoute.setState({ place, item });
  if (place !== HOME) return;
  if (read.kind === "unknown" || (isNew && (item !== null || read.kind === "link"))) dropAddressNotices();
  if (read.kind === "unknown")
    addAddressNotice(
      `This page has no place called \u201c${read.name}\u201d. There are ${placeIds.map((id) => `#${id}`).join(", ")}; links to runs begin with #v1.`,
    );
  if (item !== null || read.kind === "link") useRoute.setState({ opened: fragment });
  if (item !== null && isNew) {
    await openMethod(item);
    return;
  }
  if (read.kind === "link" && isNew) await followLink(fragment);
  // A link's own run goes before the recorded one, which is fetched only for those who see the stage.
  else if (useRun.getState().source.kind === "none") await openRecordedRun(false);
}
