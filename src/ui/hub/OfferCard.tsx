/** What a model would take, and the question whether to fetch it. */
import { useId } from "react";
import type { HubOffer, StorageChoice } from "../../worker/api";
import { bytes, count, parameters } from "../format";
import { fetchModel, useHub } from "./store";

const STORAGE: Readonly<Record<StorageChoice["storage"], string>> = {
  f32: "32-bit numbers, exact",
  f16: "16-bit numbers",
  int8: "8-bit numbers, quantized while loading",
  int4: "4-bit numbers, quantized while loading",
};

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

function StorageSelect({ offer }: { readonly offer: HubOffer }) {
  const id = useId();
  const storage = useHub((s) => s.storage);
  const chosen = offer.choices.find((c) => c.storage === storage);
  return (
    <>
      <div className="pick">
        <label htmlFor={id}>Keep the weights as</label>
        <select
          id={id}
          value={storage ?? ""}
          aria-describedby={`${id}-help`}
          onChange={(e) => useHub.setState({ storage: e.target.value as StorageChoice["storage"] })}
        >
          {storage === null && <option value="">nothing fits</option>}
          {offer.choices.map((c) => (
            <option key={c.storage} value={c.storage} disabled={c.problem !== null}>
              {STORAGE[c.storage]}, {bytes(c.weightBytes)}
            </option>
          ))}
        </select>
      </div>
      <p id={`${id}-help`} className="help">
        {chosen
          ? `The checkpoint stores ${offer.dtypes.join(" and ")}.`
          : offer.choices.map((c) => `${c.storage}: ${c.problem ?? ""}`).join(" ")}
      </p>
    </>
  );
}

export function OfferCard() {
  const offer = useHub((s) => s.offer);
  const storage = useHub((s) => s.storage);
  const isBusy = useHub((s) => s.busy !== null);
  if (!offer) return null;
  const chosen = offer.choices.find((c) => c.storage === storage);
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
          {chosen ? bytes(chosen.weightBytes + (offer.cacheBytes ?? 0)) : "too much"}
          {offer.cacheBytes !== null && <span className="help">{bytes(offer.cacheBytes)} of it cache</span>}
        </Fact>
        <Fact name="context">
          {count(offer.context)} tokens
          {offer.maxContext > offer.context && <span className="help">of {count(offer.maxContext)}</span>}
        </Fact>
        <Fact name="licence">{offer.licence ?? "not stated"}</Fact>
        <Fact name="storage">{offer.cannotStore ?? roomText(offer)}</Fact>
        <Fact name="commit">{offer.commit.slice(0, 7)}</Fact>
      </dl>
      <StorageSelect offer={offer} />
      {offer.cannotStore !== null && (
        <p className="help">Nothing of it will be stored: it is fetched anew on every visit.</p>
      )}
      <div className="hub-buttons">
        <button
          type="button"
          className="primary"
          disabled={isBusy || !chosen}
          onClick={() => void fetchModel(offer.id, storage)}
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
