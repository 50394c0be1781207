/** Models of the hub and of dropped folders in the worker: offered, fetched, stored, loaded, deleted. Fetched with the first of them. */
import { DecoscopeError } from "../base/errors";
import type { CatalogEntry } from "../models/catalog";
import { parseJson } from "../models/config";
import { Library, type Manifest } from "../models/hub/library";
import { manifestOf, offerOf, openStored, type Kept, type Offer } from "../models/hub/open";
import { CONTEXT_LIMIT, inspect, preferred, type DeviceLimits } from "../models/hub/offer";
import { opfs } from "../models/hub/opfs";
import type { Hub } from "../models/hub/request";
import { folderSource, remoteSource } from "../models/hub/sources";
import { vocabularyId } from "../models/hub/vocabulary";
import type { ModelSource } from "../models/source";
import type { HubShelf, LoadProgress } from "./api";
import type { EngineHost, HostedModel } from "./host";

/** A loaded model, and what menus say of it. */
export interface Fetched {
  readonly entry: CatalogEntry;
  readonly hosted: HostedModel;
}

/** What a model's own files do not say. */
type Facts = Pick<CatalogEntry, "id" | "label" | "description" | "licence" | "card" | "sizeBytes">;

/** What menus say of a model that was loaded. The page finds a model that can draft for it. */
async function entryOf(hosted: HostedModel, source: ModelSource, facts: Facts): Promise<CatalogEntry> {
  const { gpu } = hosted;
  const tokenizer = parseJson(await source.read("tokenizer.json"), `${facts.id}/tokenizer.json`);
  return {
    ...facts,
    kind: gpu.masked ? "masked" : "causal",
    ...(gpu.recurrence && { recurrence: gpu.recurrence.trainedRecurrence }),
    parameters: hosted.parameters,
    layers: gpu.layerCount,
    contextLength: gpu.maxContext,
    tokenizer: vocabularyId(tokenizer) ?? facts.id,
    draft: null,
    tasks: [],
    files: [],
  };
}

/** What was chosen, or what a model that nobody chose anything for gets. */
const keptOf = (offer: Offer, kept: Kept | null): Kept =>
  kept ?? { storage: offer.preferred ?? "int8", cacheStorage: "f32", context: offer.context };

const sizeOf = (files: readonly { readonly sizeBytes: number }[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

export class HubModels {
  private readonly library = new Library(opfs);
  private readonly offers = new Map<string, Offer>();
  /** Stored models that are being read. */
  private readonly opening = new Map<string, Promise<Fetched>>();
  /** Files of dropped folders, by id, while the page is open. */
  private readonly folders = new Map<string, readonly File[]>();
  /** The last token that was given, for parts of stored models that have to come again. */
  private token: string | null = null;

  constructor(
    private readonly base: string,
    private readonly openHost: () => Promise<EngineHost>,
    private readonly onProgress: (progress: LoadProgress) => void,
    /** Whether a device is open: nothing is opened to free what cannot be there. */
    private readonly isOpen: () => boolean,
  ) {}

  private hub(token: string | null = this.token): Hub {
    this.token = token;
    return { base: this.base, token };
  }

  private async limits(): Promise<DeviceLimits> {
    const { features, maxBufferBytes, maxBindingBytes } = (await this.openHost()).info();
    return { hasF16: features.includes("shader-f16"), maxBufferBytes, maxBindingBytes };
  }

  async offer(name: string, token: string | null): Promise<Offer> {
    const offer = await offerOf(this.hub(token), this.library, name, await this.limits());
    this.offers.set(offer.id, offer);
    return offer;
  }

  /** @throws DecoscopeError as the loader does; reason `missing` for a model that was neither offered nor stored */
  async fetch(id: string, kept: Kept | null, token: string | null, signal: AbortSignal): Promise<Fetched> {
    const hub = this.hub(token);
    const offer = this.offers.get(id);
    if (offer?.cannotStore != null) return this.loadUnstored(hub, offer, keptOf(offer, kept), signal);
    if (offer) await this.library.begin(manifestOf(offer, keptOf(offer, kept), Date.now()));
    return this.loadStored(await this.library.required(id), signal);
  }

  /** @throws DecoscopeError reason `missing` if it is not stored whole */
  async load(id: string, signal: AbortSignal): Promise<HostedModel> {
    const host = await this.openHost();
    if (host.has(id)) return host.model(id);
    const folder = this.folders.get(id);
    if (folder) return (await this.loadFolder(id.slice(2), folder, signal)).hosted;
    if (id.startsWith("./"))
      throw new DecoscopeError(
        "load",
        `The folder ${id.slice(2)} was dropped on an earlier visit. Drop it on the page again.`,
        undefined,
        "missing",
      );
    const manifest = await this.library.required(id);
    if (manifest.entry === null)
      throw new DecoscopeError(
        "load",
        `${id} has not come whole yet. Go on with its download under Models.`,
        undefined,
        "missing",
      );
    return (await this.loadStored(manifest, signal)).hosted;
  }

  private progressOf(id: string) {
    return (loadedBytes: number, totalBytes: number | null): void =>
      this.onProgress({ model: id, stage: "download", loadedBytes, totalBytes });
  }

  /** Files are opened once: whoever asks while they are read gets the same model. */
  private loadStored(manifest: Manifest, signal: AbortSignal): Promise<Fetched> {
    const id = `${manifest.repo}@${manifest.revision}`;
    let opening = this.opening.get(id);
    if (!opening) {
      opening = this.openStored(manifest, signal).finally(() => this.opening.delete(id));
      this.opening.set(id, opening);
    }
    return opening;
  }

  private async openStored(manifest: Manifest, signal: AbortSignal): Promise<Fetched> {
    const host = await this.openHost();
    const source = await openStored(this.hub(), this.library, manifest, {
      signal,
      onProgress: this.progressOf(
        manifest.revision === "main" ? manifest.repo : `${manifest.repo}@${manifest.revision}`,
      ),
    });
    try {
      const fetched = await this.loadFrom(host, source, signal, manifest, {
        licence: manifest.licence,
        commit: manifest.commit,
        sizeBytes: sizeOf(manifest.files),
      });
      if (manifest.entry === null) await this.library.write({ ...manifest, entry: fetched.entry });
      return fetched;
    } finally {
      // The weights are on the device; another tab may open the files now.
      source.close();
    }
  }

  private async loadUnstored(hub: Hub, offer: Offer, kept: Kept, signal: AbortSignal): Promise<Fetched> {
    const options = { signal, onProgress: this.progressOf(offer.id) };
    const [repo = ""] = offer.id.split("@");
    const source = remoteSource(hub, { ...offer, repo }, offer.id, options);
    return this.loadFrom(await this.openHost(), source, signal, kept, {
      licence: offer.licence,
      commit: offer.commit,
      sizeBytes: offer.downloadBytes,
    });
  }

  private async loadFrom(
    host: EngineHost,
    source: ModelSource,
    signal: AbortSignal,
    { storage, cacheStorage, context }: Kept,
    from: { readonly licence: string | null; readonly commit: string; readonly sizeBytes: number },
  ): Promise<Fetched> {
    const { id } = source;
    const hosted = await host.load(id, source, this.onProgress, signal, {
      storage,
      cacheStorage,
      maxContext: context,
    });
    const [repo = ""] = id.split("@");
    const entry = await entryOf(hosted, source, {
      id,
      label: id.slice(id.indexOf("/") + 1),
      description: `From the hub, commit ${from.commit.slice(0, 7)}, kept as ${storage}.`,
      licence: from.licence ?? "not stated",
      card: `https://huggingface.co/${repo}`,
      sizeBytes: from.sizeBytes,
    });
    return { entry, hosted };
  }

  async loadFolder(folder: string, files: readonly File[], signal: AbortSignal): Promise<Fetched> {
    const host = await this.openHost();
    const source = folderSource(folder, files, { signal });
    const { choices } = await inspect(source, await this.limits());
    const choice = preferred(choices);
    if (!choice)
      throw new DecoscopeError(
        "limit",
        `${source.id} does not fit this device. ${choices.at(-1)?.problem ?? ""} Choose a smaller model.`,
      );
    if (host.has(source.id) && this.folders.get(source.id) !== files) await host.unload(source.id);
    const hosted = await host.load(source.id, source, this.onProgress, signal, {
      storage: choice.storage,
      maxContext: CONTEXT_LIMIT,
    });
    this.folders.set(source.id, files);
    const entry = await entryOf(hosted, source, {
      id: source.id,
      label: `${folder} (folder)`,
      description: `From a folder of this machine, kept as ${choice.storage}; gone when the page is closed.`,
      licence: "not stated",
      card: "",
      sizeBytes: sizeOf(files.map(({ size }) => ({ sizeBytes: size }))),
    });
    return { entry, hosted };
  }

  async shelf(): Promise<HubShelf> {
    return { models: await this.library.list(), space: await opfs.space() };
  }

  async remove(id: string): Promise<void> {
    if (this.isOpen()) await (await this.openHost()).unload(id);
    this.folders.delete(id);
    if (!id.startsWith("./")) await this.library.remove(id);
  }
}
