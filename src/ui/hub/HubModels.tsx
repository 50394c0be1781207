/** Models that do not come with the page: looked up on the hub by name, shown with what they take, fetched when somebody agrees, deleted. */
import { useEffect, useId, useState } from "react";
import { useEngine } from "../stores/engine";
import { useRoute } from "../stores/route";
import { openChosen } from "./folder";
import { OfferCard } from "./OfferCard";
import { Shelf } from "./Shelf";
import { Status } from "./Status";
import { lookUp, refreshShelf, setToken, useHub } from "./store";
import "./hub.css";

/** Where other parts of the page lead to. */
export const HUB_SECTION = "models-own";

/** Small models that people know, of architectures that run here. */
const EXAMPLES = [
  ["HuggingFaceTB/SmolLM2-135M-Instruct", "270 MB"],
  ["HuggingFaceTB/SmolLM2-360M-Instruct", "720 MB"],
] as const;

function Token() {
  const id = useId();
  const token = useHub((s) => s.token);
  const isStored = useHub((s) => s.isTokenStored);
  const isNeeded = useHub((s) => s.problem?.reason === "denied");
  return (
    <details className="more" open={isNeeded || undefined} data-testid="hub-token">
      <summary>Token, for models that not everybody may fetch</summary>
      <div className="pick">
        <label htmlFor={id}>Token</label>
        <input
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          placeholder="hf_…"
          aria-describedby={`${id}-help`}
          onChange={(e) => setToken(e.target.value, isStored)}
        />
      </div>
      <label className="check">
        <input type="checkbox" checked={isStored} onChange={(e) => setToken(token, e.target.checked)} /> Keep
        it in this browser
      </label>
      <p id={`${id}-help`} className="help">
        A token of your account with the right to read, from huggingface.co/settings/tokens. It is sent to the
        hub and nobody else, and forgotten with this page unless you keep it.
      </p>
    </details>
  );
}

function FolderButton() {
  const id = useId();
  const isBusy = useHub((s) => s.busy !== null);
  return (
    <p className="help">
      <label htmlFor={id}>Or a folder of this machine</label> with config.json, tokenizer.json and safetensors
      files, chosen here or dropped on the page:{" "}
      <input
        id={id}
        type="file"
        disabled={isBusy}
        data-testid="hub-folder"
        {...{ webkitdirectory: "" }}
        onChange={(e) => void openChosen([...(e.target.files ?? [])])}
      />
    </p>
  );
}

export function HubModels() {
  const id = useId();
  const item = useRoute((s) => (s.place === "models" ? s.item : null));
  const isBusy = useHub((s) => s.busy !== null);
  // What the card of a bundled model asked is answered there.
  const isMine = useHub((s) => s.asked === "form");
  const isOffered = useHub((s) => s.offer !== null && s.offer.from !== "bundled");
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  // What the address names, until somebody writes something else.
  const [typed, setName] = useState<string | null>(null);
  const name = typed ?? item ?? "";
  useEffect(() => {
    void refreshShelf();
  }, []);
  if (!hasWebGpu)
    return (
      <section className="hub models-part" id={HUB_SECTION} tabIndex={-1} aria-label="Models of the hub">
        <h3>Bring a model of your own</h3>
        <p>
          Loading one needs WebGPU, which this browser does not have. Recorded runs of the bundled models play
          without it.
        </p>
      </section>
    );
  return (
    <section className="hub models-part" id={HUB_SECTION} tabIndex={-1} aria-label="Models of the hub">
      <h3>Bring a model of your own</h3>
      <p>
        Any model of the Hugging Face hub whose architecture runs here, by its name. You see its size, what it
        takes on this device and its licence before anything large is fetched.
      </p>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void lookUp(name);
        }}
      >
        <label htmlFor={id}>Name</label>
        <input
          id={id}
          value={name}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="org/name"
          onChange={(e) => setName(e.target.value)}
        />
        <button type="submit" className="primary" disabled={isBusy}>
          Look it up
        </button>
      </form>
      <p className="help">
        Small ones to begin with:{" "}
        {EXAMPLES.map(([example, size]) => (
          <button key={example} type="button" className="quiet" onClick={() => setName(example)}>
            {example} ({size})
          </button>
        ))}
      </p>
      <FolderButton />
      <Token />
      {isMine && <Status />}
      {isOffered && <OfferCard />}
      <Shelf />
    </section>
  );
}
