/** How an offered model is to be kept on the device: its weights, what it keeps of a text, and how long a text may be. */
import { useId } from "react";
import type { CacheChoice, HubOffer, Kept, LocalOffer, StorageChoice } from "../../worker/api";
import { bytes, count } from "../format";
import { useHub } from "./store";

const WEIGHTS: Readonly<Record<StorageChoice["storage"], string>> = {
  f32: "32-bit numbers, exact",
  f16: "16-bit numbers",
  int8: "8-bit numbers, quantized while loading",
  int4: "4-bit numbers, quantized while loading",
};
const CACHES: Readonly<Record<CacheChoice["storage"], string>> = {
  f32: "32-bit numbers, exact",
  f16: "16-bit numbers",
  int8: "8-bit numbers with a scale for each head",
};

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly problem: string | null;
}

interface PickProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly help: string;
  readonly onPick: (value: string) => void;
}

function Pick({ label, value, choices, help, onPick }: PickProps) {
  const id = useId();
  return (
    <div>
      <div className="pick">
        <label htmlFor={id}>{label}</label>
        <select
          id={id}
          value={value}
          aria-describedby={`${id}-help`}
          onChange={(e) => onPick(e.target.value)}
        >
          {value === "" && <option value="">nothing fits</option>}
          {choices.map((c) => (
            <option key={c.value} value={c.value} disabled={c.problem !== null}>
              {c.label}
            </option>
          ))}
        </select>
      </div>
      <p id={`${id}-help`} className="help">
        {help}
      </p>
    </div>
  );
}

/** What cannot be chosen here, and why. */
const refusals = (
  choices: readonly { readonly storage: string; readonly problem: string | null }[],
): string =>
  choices
    .filter(({ problem }) => problem !== null)
    .map(({ storage, problem }) => `Not ${storage}: ${problem!.charAt(0).toLowerCase()}${problem!.slice(1)}`)
    .join(" ");

export function KeptAs({ offer }: { readonly offer: HubOffer | LocalOffer }) {
  const kept = useHub((s) => s.kept);
  const choose = (part: Partial<Kept>): void => {
    const base = kept ?? { storage: "int8", cacheStorage: "f32", context: offer.context };
    useHub.setState({ kept: { ...base, ...part } });
  };
  const cache = offer.caches?.find((c) => c.storage === kept?.cacheStorage);
  return (
    <div className="kept-as">
      <Pick
        label="Keep the weights as"
        value={kept?.storage ?? ""}
        choices={offer.choices.map((c) => ({
          value: c.storage,
          label: `${WEIGHTS[c.storage]}, ${bytes(c.weightBytes)}`,
          problem: c.problem,
        }))}
        help={
          kept
            ? `The checkpoint stores ${offer.dtypes.join(" and ")}. ${refusals(offer.choices)}`
            : refusals(offer.choices)
        }
        onPick={(storage) => choose({ storage: storage as Kept["storage"] })}
      />
      {kept && (
        <Pick
          label="Longest text"
          value={String(kept.context)}
          choices={offer.contexts.map((length) => ({
            value: String(length),
            label: `${count(length)} tokens${cache ? `, ${bytes(length * cache.tokenBytes)}` : ""}`,
            problem: null,
          }))}
          help="Prompt and answer together. Memory for all of it is taken when a run begins."
          onPick={(context) => choose({ context: Number(context) })}
        />
      )}
      {kept && offer.caches && (
        <Pick
          label="Keep keys and values as"
          value={kept.cacheStorage}
          choices={offer.caches.map((c) => ({
            value: c.storage,
            label: `${CACHES[c.storage]}, ${bytes(c.tokenBytes)} a token`,
            problem: c.problem,
          }))}
          help={`What the model remembers of the text. Further down stands what this costs in quality. ${refusals(offer.caches)}`}
          onPick={(cacheStorage) => choose({ cacheStorage: cacheStorage as Kept["cacheStorage"] })}
        />
      )}
    </div>
  );
}
