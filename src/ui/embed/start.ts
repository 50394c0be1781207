/** Starts the page inside another: nothing can be run, and what the address names goes on the stage. */
import { follow } from "../navigation";
import { useLayout } from "../stores/layout";
import { useRoute } from "../stores/route";
import { HOME } from "../routes";
import type { EmbedOptions } from "./options";

/** Follows the address from now on. A place has no room in a frame: there the first recorded run stands instead. */
export function startEmbedded({ theme }: EmbedOptions): void {
  useLayout.setState({ isReplayOnly: true });
  // Not in the layout's own theme, which is kept for visits to the whole page.
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const go = () => {
    void follow(location.hash);
    if (useRoute.getState().place !== HOME) void follow("");
  };
  go();
  window.addEventListener("hashchange", go);
}
