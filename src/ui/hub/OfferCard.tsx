/** What a model would take, and the question whether to fetch it, load it, or keep it so. */
import type { HubOffer } from "../../worker/api";
import { bytes, count, parameters } from "../format";
import { KeptAs } from "./KeptAs";
import { accept, nameOf, useHub } from "./store";

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

/** Bytes of a model of the hub that are still to come. */
const missingOf = ({ downloadBytes, storedBytes }: HubOffer): number => downloadBytes - storedBytes;

export function OfferCard() {
  const offer = useHub((s) => s.offer);
  const kept = useHub((s) => s.kept);
  const isBusy = useHub((s) => s.busy !== null);
  const isFetching = useHub((s) => s.busy === "fetching");
  // What was agreed to is under way; it is asked again if that is stopped.
  if (!offer || isFetching) return null;
  const hub = offer.from === "hub" ? offer : null;
  const chosen = offer.choices.find((c) => c.storage === kept?.storage);
  const cache = offer.caches?.find((c) => c.storage === kept?.cacheStorage);
  const context = kept?.context ?? offer.context;
  const cacheBytes = offer.stateBytes + (cache?.tokenBytes ?? 0) * context;
  const label = nameOf(offer.id);
  const isBundled = offer.from === "bundled";
  const missing = hub ? missingOf(hub) : 0;
  const action = isBundled ? "Keep it so" : missing === 0 ? "Load it" : `Fetch ${bytes(missing)} and load`;
  return (
    <section className="hub-offer" aria-label={`What ${label} takes`} data-testid="hub-offer">
      <h4>{label}</h4>
      <dl className="model-facts figures">
        <Fact name="architecture">
          {offer.architecture}, {offer.kind === "masked" ? "fills masks" : "left to right"}
        </Fact>
        <Fact name="parameters">{parameters(offer.parameters)}</Fact>
        {offer.from !== "hub" && <Fact name="files">{bytes(offer.sizeBytes)}</Fact>}
        {hub && (
          <Fact name="download">
            {bytes(missing)}
            {hub.storedBytes > 0 && <span className="help">of {bytes(hub.downloadBytes)}</span>}
          </Fact>
        )}
        <Fact name="memory on this device">
          {chosen ? bytes(chosen.weightBytes + cacheBytes) : "too much"}
          {cacheBytes > 0 && <span className="help">{bytes(cacheBytes)} of it cache</span>}
        </Fact>
        <Fact name="context">
          {count(context)} tokens
          {offer.maxContext > context && <span className="help">of {count(offer.maxContext)}</span>}
        </Fact>
        {hub && (
          <>
            <Fact name="licence">{hub.licence ?? "not stated"}</Fact>
            <Fact name="storage">{hub.cannotStore ?? roomText(hub)}</Fact>
            <Fact name="commit">{hub.commit.slice(0, 7)}</Fact>
          </>
        )}
      </dl>
      <KeptAs offer={offer} />
      {hub !== null && hub.cannotStore !== null && (
        <p className="help">Nothing of it will be stored: it is fetched anew on every visit.</p>
      )}
      <div className="hub-buttons">
        <button type="button" className="primary" disabled={isBusy || !chosen} onClick={() => void accept()}>
          {action}
        </button>
        <button type="button" disabled={isBusy} onClick={() => useHub.setState({ offer: null })}>
          {isBundled ? "Leave it as it is" : "No"}
        </button>
        {hub && (
          <a href={`https://huggingface.co/${hub.id.split("@")[0] ?? ""}`} target="_blank" rel="noreferrer">
            Its page on the hub
          </a>
        )}
      </div>
    </section>
  );
}
