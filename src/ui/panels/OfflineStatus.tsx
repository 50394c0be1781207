/** Whether the page would work without a network, in two or three words; nothing where the browser stores no pages. */
import { useOffline } from "../stores/offline";

export function OfflineStatus({ className }: { readonly className: string }) {
  const isStored = useOffline((s) => s.isStored);
  const storing = useOffline((s) => s.storing);
  const update = useOffline((s) => s.update);
  if (!isStored && !storing) return null;
  return (
    <p
      className={className}
      data-testid="offline-status"
      title={
        isStored
          ? "The page, its models and its recorded runs are stored on this device and work without a network."
          : "The page is being stored on this device, to work without a network."
      }
    >
      {update
        ? "newer version waits"
        : isStored
          ? "offline ready"
          : `storing for offline, ${storing?.stored ?? 0} of ${storing?.total ?? 0}`}
    </p>
  );
}
