/** Stores the page on this device, and says when a newer version of it waits. Nothing is replaced before the visitor asks for it. */
import { registerSW } from "virtual:pwa-register";
import { useOffline } from "./stores/offline";

export function keepForOffline(): void {
  const update = registerSW({
    onOfflineReady: () => useOffline.setState({ isStored: true }),
    onNeedRefresh: () => useOffline.setState({ update: () => void update(true) }),
    // A visitor who stored the page before hears of no "offline ready" again.
    onRegisteredSW: (_url, registration) => {
      if (registration?.active) useOffline.setState({ isStored: true });
    },
  });
}
