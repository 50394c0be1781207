/** What a model would take, and the question whether to fetch it. */
import type { HubOffer } from "../../worker/api";
import { bytes, count, parameters } from "../format";
import { KeptAs } from "./KeptAs";
import { fetchModel, useHub } from "./store";

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function roomText({ space, downloadBytes, storedBytes }: HubOffer): string {
  if (!space) return "the browser does not say";
  const left = space.quotaBytes - space.usedBytes - (downloadBytes - storedBytes);
  return left < 0
    ? `too little: ${bytes(space.quotaBytes - space.usedBytes)} free`
    : `${bytes(space.quotaBytes - space.usedBytes)} free`;
}

export function OfferCard() {
  const offer = useHub((s) => s.offer);
  const kept = useHub((s) => s.kept);
  const isBusy = useHub((s) => s.busy !== null);
  if (!offer) return null;
  const chosen = offer.choices.find((c) => c.storage === kept?.storage);
  const cache = offer.caches?.find((c) => c.storage === kept?.cacheStorage);
  const context = kept?.context ?? offer.context;
  const cacheBytes = offer.stateBytes + (cache?.tokenBytes ?? 0) * context;
  const missing = offer.downloadBytes - offer.storedBytes;
  return (
    <section className="hub-offer" aria-label={`What ${offer.id} takes`} data-testid="hub-offer">
      <h4>{offer.id}</h4>
      <dl className="model-facts figures">
        <Fact name="architecture">
          {offer.architecture}, {offer.kind === "masked" ? "fills masks" : "left to right"}
        </Fact>
        <Fact name="parameters">{parameters(offer.parameters)}</Fact>
        <Fact name="download">
          {bytes(missing)}
          {offer.storedBytes > 0 && <span className="help">of {bytes(offer.downloadBytes)}</span>}
        </Fact>
        <Fact name="memory on this device">
          {chosen ? bytes(chosen.weightBytes + cacheBytes) : "too much"}
          {cacheBytes > 0 && <span className="help">{bytes(cacheBytes)} of it cache</span>}
        </Fact>
        <Fact name="context">
          {count(context)} tokens
          {offer.maxContext > context && <span className="help">of {count(offer.maxContext)}</span>}
        </Fact>
        <Fact name="licence">{offer.licence ?? "not stated"}</Fact>
        <Fact name="storage">{offer.cannotStore ?? roomText(offer)}</Fact>
        <Fact name="commit">{offer.commit.slice(0, 7)}</Fact>
      </dl>
      <KeptAs offer={offer} />
      {offer.cannotStore !== null && (
        <p className="help">Nothing of it will be stored: it is fetched anew on every visit.</p>
      )}
      <div className="hub-buttons">
        <button
          type="button"
          className="primary"
          disabled={isBusy || !chosen}
          onClick={() => void fetchModel(offer.id, kept)}
        >
          {missing === 0 ? "Load it" : `Fetch ${bytes(missing)} and load`}
        </button>
        <button type="button" disabled={isBusy} onClick={() => useHub.setState({ offer: null })}>
          No
        </button>
        <a href={`https://huggingface.co/${offer.id.split("@")[0] ?? ""}`} target="_blank" rel="noreferrer">
          Its page on the hub
        </a>
      </div>
    </section>
  );
}
