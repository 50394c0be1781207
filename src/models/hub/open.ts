/** A model by its name, from the question what it would take to a source that the loader reads. */
import { DecoscopeError } from "../../base/errors";
import type { ModelSource, ReadOptions } from "../source";
import type { Library, Manifest } from "./library";
import { hubId, parseHubName } from "./name";
import { inspect, type Kept, preferred, type DeviceLimits, type ModelDescription } from "./offer";
import { describe, type HubFile } from "./repository";
import type { Hub } from "./request";
import { remoteSource } from "./sources";
import type { Space } from "./storage";
import { StoredFiles } from "./stored_files";

export type { CacheChoice, Kept, StorageChoice } from "./offer";

/** What the page shows and asks before anything large is fetched. */
export interface Offer extends Omit<ModelDescription, "files"> {
  /** `org/name`, or `org/name@revision`. */
  readonly id: string;
  readonly commit: string;
  readonly licence: string | null;
  readonly isGated: boolean;
  /** With sizes and hashes. */
  readonly files: readonly HubFile[];
  readonly downloadBytes: number;
  /** What of it is stored already. */
  readonly storedBytes: number;
  /** Null where the browser does not tell. */
  readonly space: Space | null;
  /** Why nothing can be stored here; null where it can. Such a model is fetched anew on every visit. */
  readonly cannotStore: string | null;
  /** How its weights would best be kept on this device; null if in no way. */
  readonly preferred: ModelDescription["choices"][number]["storage"] | null;
}

/** The same of a model whose files are at hand: it came with the page, or lies in a folder of this machine. */
export interface LocalOffer extends ModelDescription {
  /** `story-target`, or `./folder`. */
  readonly id: string;
  /** Of all its files. */
  readonly sizeBytes: number;
  /** How it is kept at present, or would be if nobody chose; null if its weights fit in no way. */
  readonly kept: Kept | null;
}

/**
 * Asks the hub about a model, and reads its description.
 * @throws DecoscopeError as {@link describe} and {@link inspect} do
 */
export async function offerOf(
  hub: Hub,
  library: Library,
  name: string,
  limits: DeviceLimits,
  signal?: AbortSignal,
): Promise<Offer> {
  const parsed = parseHubName(name);
  const id = hubId(parsed);
  const repository = await describe(hub, parsed, signal);
  const source = remoteSource(hub, repository, id, { signal });
  const { files: names, ...description } = await inspect(source, limits);
  const files = repository.files.filter((file) => names.includes(file.name));
  let stored: Awaited<ReturnType<Library["list"]>> = [];
  let cannotStore: string | null = null;
  try {
    stored = await library.list();
  } catch (thrown) {
    cannotStore = thrown instanceof DecoscopeError ? thrown.message : String(thrown);
  }
  return {
    ...description,
    id,
    commit: repository.commit,
    licence: repository.licence,
    isGated: repository.isGated,
    files,
    downloadBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    storedBytes: stored.find((m) => m.id === id && m.commit === repository.commit)?.storedBytes ?? 0,
    space: await library.storage.space(),
    cannotStore,
    preferred: preferred(description.choices)?.storage ?? null,
  };
}

/** What is written down of an offer that was accepted. */
export const manifestOf = (offer: Offer, kept: Kept, now: number): Manifest => ({
  version: 1,
  ...parseHubName(offer.id),
  commit: offer.commit,
  licence: offer.licence,
  ...kept,
  begun: now,
  files: offer.files,
  entry: null,
});

/** A source that holds files open until it is closed. */
export interface OpenSource extends ModelSource {
  close(): void;
}

/**
 * A stored model. What is missing or damaged is fetched when it is asked for; nothing else needs a network.
 * @throws DecoscopeError reason `storage` if its files cannot be opened
 */
export async function openStored(
  hub: Hub,
  library: Library,
  manifest: Manifest,
  { signal, onProgress }: ReadOptions = {},
  partBytes?: number,
): Promise<OpenSource> {
  const id = hubId(manifest);
  const files = await StoredFiles.open({
    repo: manifest.repo,
    commit: manifest.commit,
    files: manifest.files,
    folder: await library.folder(id),
    hub,
    signal,
    onProgress,
    ...(partBytes !== undefined && { partBytes }),
  });
  onProgress?.(files.storedBytes, files.totalBytes);
  return {
    id,
    list: () => Promise.resolve(manifest.files),
    read: (name) => files.read(name),
    ranges: files,
    close: () => files.close(),
  };
}
