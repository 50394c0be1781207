/** How a model that comes with the page is kept on this device, in its own card, and the question how it is to be kept. */
import { modelOf } from "../definitions";
import { useEngine } from "../stores/engine";
import { OfferCard } from "./OfferCard";
import { Status } from "./Status";
import { keptText } from "./kept_text";
import { keepAsItComes, offerBundled, useHub } from "./store";
import "./hub.css";

export function BundledKept({ id }: { readonly id: string }) {
  const isMine = useHub((s) => s.asked === "card" && s.name === id);
  const isOffered = useHub((s) => s.offer?.from === "bundled" && s.offer.id === id);
  const isBusy = useHub((s) => s.busy !== null);
  const kept = useHub((s) => s.shelf?.bundled.find((chosen) => chosen.id === id)?.kept);
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  const entry = modelOf(id);
  if (!hasWebGpu) return null;
  return (
    <div className="bundled-kept" data-testid={`kept-${id}`}>
      {kept && <p className="help">Kept otherwise on this device: {keptText(kept)}.</p>}
      {!isOffered && (
        <p className="hub-buttons">
          <button type="button" disabled={isBusy} onClick={() => void offerBundled(id)}>
            Choose how it is kept on this device
          </button>
          {kept && entry && (
            <button
              type="button"
              className="quiet"
              disabled={isBusy}
              onClick={() => void keepAsItComes(entry)}
            >
              Keep it as it comes
            </button>
          )}
        </p>
      )}
      {isMine && <Status />}
      {isOffered && <OfferCard />}
    </div>
  );
}
