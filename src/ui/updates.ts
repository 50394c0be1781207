/** Stores the page on this device, says how far that is, and says when a newer version waits. Nothing is replaced before the visitor asks for it. */
import { registerSW } from "virtual:pwa-register";
import { useOffline } from "./stores/offline";

/** Between two looks at what is stored. */
const LOOK_MS = 700;

/** Files named in the list of a service worker's code. */
export const filesNamedIn = (worker: string): number => worker.match(/[{,]"?url"?:"/g)?.length ?? 0;

/** Files stored so far: the list of the service worker names all, its cache has those that came. */
async function storedFiles(): Promise<number> {
  const names = await caches.keys();
  const name = names.find((n) => n.includes("precache"));
  return name === undefined ? 0 : (await (await caches.open(name)).keys()).length;
}

/** Tells how many files are stored until all are. */
async function tellProgress(worker: string): Promise<void> {
  const total = filesNamedIn(await (await fetch(worker)).text());
  while (!useOffline.getState().isStored && total > 0) {
    const stored = Math.min(await storedFiles(), total);
    useOffline.setState({ storing: { stored, total } });
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const ready = (): void => useOffline.setState({ isStored: true, storing: null });

export function keepForOffline(): void {
  const update = registerSW({
    onOfflineReady: ready,
    onNeedRefresh: () => useOffline.setState({ update: () => void update(true) }),
    // A visitor who stored the page before hears of no "offline ready" again.
    onRegisteredSW: (url, registration) => {
      if (registration?.active) ready();
      // Progress is a courtesy: whether all is stored is told by the service worker itself.
      else void tellProgress(url).catch(() => undefined);
    },
  });
}
