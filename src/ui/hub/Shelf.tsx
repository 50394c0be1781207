/** The models of the hub that are stored on this device, with what each takes; to run, to go on with, to delete. */
import { useState } from "react";
import type { HubShelf } from "../../worker/api";
import { bytes } from "../format";
import { useMemory } from "../memory/store";
import { heldByModels } from "../memory/sums";
import { hrefOf } from "../routes";
import { keptText } from "./kept_text";
import { choose, fetchModel, lookUp, removeModel, useHub } from "./store";

type Stored = HubShelf["models"][number];

function DeleteButton({ model }: { readonly model: Stored }) {
  const isBusy = useHub((s) => s.busy !== null);
  const [isAsking, setAsking] = useState(false);
  if (!isAsking)
    return (
      <button type="button" disabled={isBusy} onClick={() => setAsking(true)}>
        Delete
      </button>
    );
  return (
    <span role="group" aria-label={`Delete ${model.id}?`}>
      Delete {bytes(model.storedBytes)}?{" "}
      <button type="button" disabled={isBusy} onClick={() => void removeModel(model.id)}>
        Yes, delete
      </button>{" "}
      <button type="button" onClick={() => setAsking(false)}>
        Keep
      </button>
    </span>
  );
}

function Row({ model }: { readonly model: Stored }) {
  const isBusy = useHub((s) => s.busy !== null);
  const lines = useMemory((s) => s.report?.live);
  const held = heldByModels(lines ?? []).find((entry) => entry.model === model.id);
  const isWhole = model.storedBytes === model.totalBytes;
  return (
    <tr data-testid={`stored-${model.id}`}>
      <th scope="row">
        {model.id}
        <span className="help">{keptText(model.kept)}</span>
      </th>
      <td className="figures">
        {isWhole ? bytes(model.totalBytes) : `${bytes(model.storedBytes)} of ${bytes(model.totalBytes)}`}
        {held && <span className="help"> {bytes(held.bytes)} on the GPU now</span>}
      </td>
      <td>{model.licence ?? "not stated"}</td>
      <td className="hub-buttons">
        {model.entry ? (
          <a href={hrefOf("playground")} onClick={() => choose(model.id)}>
            Run
          </a>
        ) : (
          <button type="button" disabled={isBusy} onClick={() => void fetchModel(model.id, null)}>
            {isWhole ? "Load" : "Go on"}
          </button>
        )}
        {model.entry && (
          <button type="button" disabled={isBusy} onClick={() => void lookUp(model.id)}>
            Keep it otherwise
          </button>
        )}
        <DeleteButton model={model} />
      </td>
    </tr>
  );
}

export function Shelf() {
  const shelf = useHub((s) => s.shelf);
  if (!shelf) return null;
  const { models, space } = shelf;
  return (
    <section aria-label="Stored models" data-testid="hub-shelf">
      <h4>Stored on this device</h4>
      {models.length === 0 ? (
        <p className="help">None yet. What is fetched stays here and runs without a network.</p>
      ) : (
        <div className="hub-table">
          <table>
            <thead>
              <tr>
                <th scope="col">model</th>
                <th scope="col">size</th>
                <th scope="col">licence</th>
                <th scope="col">
                  <span className="visually-hidden">actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {models.map((model) => (
                <Row key={model.id} model={model} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {space && (
        <p className="help" data-testid="hub-space">
          This page uses {bytes(space.usedBytes)} of the {bytes(space.quotaBytes)} that the browser gives it.
        </p>
      )}
    </section>
  );
}
