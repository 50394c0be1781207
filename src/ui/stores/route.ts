/** Where in the page the visitor is. Written only by ui/navigation.ts, which follows the address. */
import { create } from "zustand";
import { HOME, type Route } from "../routes";

interface RouteState extends Route {
  /** The link or method that was put on the stage last: coming back to its address leaves the stage as it is. */
  readonly opened: string | null;
}

export const useRoute = create<RouteState>()(() => ({ place: HOME, item: null, opened: null }));

/** The next address is to be opened even if it was the last one: somebody asked for it and did not only come back. */
export const openAgain = (): void => useRoute.setState({ opened: null });
