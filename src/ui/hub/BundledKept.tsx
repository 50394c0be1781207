/** How a model that comes with the page is kept on this device, in its own card: asked about when somebody wants to know. */
import { useEngine } from "../stores/engine";
import { OfferCard } from "./OfferCard";
import { Status } from "./Status";
import { offerBundled, useHub } from "./store";
import "./hub.css";

export function BundledKept({ id }: { readonly id: string }) {
  const isMine = useHub((s) => s.asked === "card" && s.name === id);
  const isOffered = useHub((s) => s.offer?.from === "bundled" && s.offer.id === id);
  const isBusy = useHub((s) => s.busy !== null);
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  if (!hasWebGpu) return null;
  return (
    <div className="bundled-kept" data-testid={`kept-${id}`}>
      {!isOffered && (
        <button type="button" className="quiet" disabled={isBusy} onClick={() => void offerBundled(id)}>
          Choose how it is kept on this device
        </button>
      )}
      {isMine && <Status />}
      {isOffered && <OfferCard />}
    </div>
  );
}
