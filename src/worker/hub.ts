/**
 * Models in the worker of which can be said how they are kept, from the hub, from dropped folders, and bundled ones: offered,
 * fetched, stored, loaded, deleted. Fetched with the first of them.
 */
import { DecoscopeError } from "../base/errors";
import * as v from "valibot";
import { CACHE_STORAGES } from "../kernels/cache";
import { WEIGHT_STORAGES } from "../kernels/weights";
import { catalog, findModel, type CatalogEntry } from "../models/catalog";
import { parseJson } from "../models/config";
import { HeldRanges } from "../models/hub/held_ranges";
import { Library, type Manifest } from "../models/hub/library";
import { manifestOf, offerOf, openStored, type Kept, type LocalOffer, type Offer } from "../models/hub/open";
import { inspect, preferred, type DeviceLimits } from "../models/hub/offer";
import { opfs } from "../models/hub/opfs";
import type { Hub } from "../models/hub/request";
import { folderSource, remoteSource } from "../models/hub/sources";
import { vocabularyId } from "../models/hub/vocabulary";
import type { ModelSource, SourceFile } from "../models/source";
import type { HubShelf, LoadProgress } from "./api";
import type { EngineHost, HostedModel, LoadOptions, Remembered } from "./host";

/** A loaded model, and what menus say of it. */
export interface Fetched {
  readonly entry: CatalogEntry;
  readonly hosted: HostedModel;
}

type Offered = Omit<LocalOffer, "id" | "sizeBytes" | "kept">;

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

/** What the worker gives and is asked for. */
export interface HubNeeds {
  readonly openHost: () => Promise<EngineHost>;
  readonly onProgress: (progress: LoadProgress) => void;
  /** Whether a device is open: nothing is opened to free what cannot be there. */
  readonly isOpen: () => boolean;
  readonly remembered: Remembered;
  /**
   * Lets go of what models are held for before one is freed; `wish` says what is wanted, as a request.
   * @throws DecoscopeError "method" while a run or an answer is under way
   */
  readonly makeQuiet: (wish: string) => Promise<void>;
  /** Tells the visitor. */
  readonly warn: (text: string) => void;
  /** Files of a bundled model. */
  readonly bundled: (id: string, files: readonly SourceFile[]) => ModelSource;
}

/** As remembered values come back: nothing says that this version wrote them. */
const keptSchema = v.object({
  storage: v.picklist(WEIGHT_STORAGES),
  cacheStorage: v.picklist(CACHE_STORAGES),
  context: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

const optionsOf = ({ storage, cacheStorage, context }: Kept): LoadOptions => ({
  storage,
  cacheStorage,
  maxContext: context,
});

/** How a bundled model is kept while nobody chose anything. */
const asItComes = (context: number): Kept => ({ storage: "f32", cacheStorage: "f32", context });

const isAlike = (a: Kept, b: Kept): boolean =>
  a.storage === b.storage && a.cacheStorage === b.cacheStorage && a.context === b.context;

const isKeptSo = ({ storage, cacheStorage, gpu }: HostedModel, kept: Kept): boolean =>
  isAlike({ storage, cacheStorage, context: gpu.maxContext }, kept);

export class HubModels {
  private readonly library = new Library(opfs);
  private readonly offers = new Map<string, Offer>();
  /** Stored models that are being read. */
  private readonly opening = new Map<string, Promise<Fetched>>();
  /** Files of dropped folders and how they are kept, by id, while the page is open. */
  private readonly folders = new Map<string, { readonly files: readonly File[]; readonly kept: Kept }>();
  /** The last token that was given, for parts of stored models that have to come again. */
  private token: string | null = null;

  constructor(
    private readonly base: string,
    private readonly needs: HubNeeds,
  ) {}

  private hub(token: string | null = this.token): Hub {
    this.token = token;
    return { base: this.base, token };
  }

  private async limits(): Promise<DeviceLimits> {
    const { features, maxBufferBytes, maxBindingBytes } = (await this.needs.openHost()).info();
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
    if (offer) await this.freeUnless(id, keptOf(offer, kept));
    if (offer?.cannotStore != null) return this.loadUnstored(hub, offer, keptOf(offer, kept), signal);
    if (offer) await this.library.begin(manifestOf(offer, keptOf(offer, kept), Date.now()));
    return this.loadStored(await this.library.required(id), signal);
  }

  /** @throws DecoscopeError reason `missing` if it is not stored whole */
  async load(id: string, signal: AbortSignal): Promise<HostedModel> {
    const host = await this.needs.openHost();
    if (host.has(id)) return host.model(id);
    const folder = this.folders.get(id);
    if (folder) return (await this.loadFolder(id.slice(2), folder.files, folder.kept, signal)).hosted;
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
      this.needs.onProgress({ model: id, stage: "download", loadedBytes, totalBytes });
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
    const host = await this.needs.openHost();
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
    return this.loadFrom(await this.needs.openHost(), source, signal, kept, {
      licence: offer.licence,
      commit: offer.commit,
      sizeBytes: offer.downloadBytes,
    });
  }

  private async loadFrom(
    host: EngineHost,
    source: ModelSource,
    signal: AbortSignal,
    kept: Kept,
    from: { readonly licence: string | null; readonly commit: string; readonly sizeBytes: number },
  ): Promise<Fetched> {
    const { id } = source;
    const hosted = await host.load(id, source, this.needs.onProgress, signal, optionsOf(kept));
    const [repo = ""] = id.split("@");
    const entry = await entryOf(hosted, source, {
      id,
      label: id.slice(id.indexOf("/") + 1),
      description: `From the hub, commit ${from.commit.slice(0, 7)}, kept as ${kept.storage}.`,
      licence: from.licence ?? "not stated",
      card: `https://huggingface.co/${repo}`,
      sizeBytes: from.sizeBytes,
    });
    return { entry, hosted };
  }

  /** Frees a model that is loaded otherwise. @throws DecoscopeError "method" while a run or an answer is under way */
  private async freeUnless(id: string, kept: Kept): Promise<void> {
    if (!this.needs.isOpen()) return;
    const host = await this.needs.openHost();
    if (host.has(id) && !isKeptSo(await host.model(id), kept)) await this.free(id, "Load it otherwise");
  }

  /** @throws DecoscopeError "method" while a run or an answer is under way */
  private async free(id: string, wish: string): Promise<void> {
    if (!this.needs.isOpen()) return;
    const host = await this.needs.openHost();
    if (!host.has(id)) return;
    await this.needs.makeQuiet(wish);
    await host.unload(id);
  }

  /** What a source takes on this device; `kept` says how it is kept before anybody chose. */
  private async localOffer(source: ModelSource, kept: (offer: Offered) => Kept | null): Promise<LocalOffer> {
    const description = await inspect(source, await this.limits());
    const list = (await source.list?.()) ?? [];
    return {
      ...description,
      id: source.id,
      sizeBytes: list.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
      kept: kept(description),
    };
  }

  folderOffer(folder: string, files: readonly File[]): Promise<LocalOffer> {
    return this.localOffer(folderSource(folder, files), ({ choices, context }) => {
      const choice = preferred(choices);
      return choice && { storage: choice.storage, cacheStorage: "f32", context };
    });
  }

  async loadFolder(
    folder: string,
    files: readonly File[],
    kept: Kept,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const host = await this.needs.openHost();
    const source = folderSource(folder, files, { signal });
    if (this.folders.get(source.id)?.files !== files) await this.free(source.id, "Load it otherwise");
    await this.freeUnless(source.id, kept);
    const hosted = await host.load(source.id, source, this.needs.onProgress, signal, optionsOf(kept));
    this.folders.set(source.id, { files, kept });
    const entry = await entryOf(hosted, source, {
      id: source.id,
      label: `${folder} (folder)`,
      description: `From a folder of this machine, kept as ${kept.storage}; gone when the page is closed.`,
      licence: "not stated",
      card: "",
      sizeBytes: sizeOf(files.map(({ size }) => ({ sizeBytes: size }))),
    });
    return { entry, hosted };
  }

  /** How a remembered choice is loaded; one that is damaged is told of, and the model loaded as if nobody had chosen. */
  optionsOf(id: string, remembered: unknown): LoadOptions {
    const read = v.safeParse(keptSchema, remembered);
    if (read.success) return optionsOf(read.output);
    this.needs.warn(
      `How ${id} was to be kept could not be read, so it is kept as f32. Choose again under Models.`,
    );
    return {};
  }

  /** How somebody chose to keep a bundled model; null if nobody did, or it cannot be read. */
  private async choiceFor(id: string): Promise<Kept | null> {
    const read = v.safeParse(keptSchema, await this.needs.remembered.get(`kept/${id}`).catch(() => null));
    return read.success ? read.output : null;
  }

  /** Bundled models that are kept otherwise than they come. */
  private async bundledOtherwise(): Promise<HubShelf["bundled"]> {
    const all = await Promise.all(
      catalog.map(async ({ id, contextLength }) => {
        const kept = await this.choiceFor(id);
        return kept && !isAlike(kept, asItComes(contextLength)) ? [{ id, kept }] : [];
      }),
    );
    return all.flat();
  }

  /** @throws DecoscopeError "load" if no such model comes with the page */
  async bundledOffer(id: string): Promise<LocalOffer> {
    const entry = findModel(id);
    if (!entry) throw new DecoscopeError("load", `There is no bundled model called ${id}.`);
    const source = this.needs.bundled(id, entry.files);
    // These files are small, and plain servers need not know ranges.
    const whole = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
    const read = (file: string): Promise<Uint8Array<ArrayBuffer>> => {
      const known = whole.get(file) ?? source.read(file);
      whole.set(file, known);
      return known;
    };
    const ranges = new HeldRanges(async ({ file, begin, end }) => (await read(file)).slice(begin, end));
    const known = await this.choiceFor(id);
    return this.localOffer({ ...source, ranges }, ({ context }) => known ?? asItComes(context));
  }

  /** @throws DecoscopeError "method" while a run or an answer is under way, "load" if the browser remembers nothing */
  async keepBundled(id: string, kept: Kept): Promise<void> {
    const { remembered } = this.needs;
    const before = await remembered.get(`kept/${id}`).catch(() => undefined);
    try {
      await remembered.set(`kept/${id}`, kept);
    } catch (thrown) {
      throw new DecoscopeError(
        "load",
        `This browser stores nothing here, so how ${id} is to be kept cannot be remembered. Allow the page to store data, or leave private browsing.`,
        String(thrown),
      );
    }
    try {
      await this.freeUnless(id, kept);
    } catch (thrown) {
      // What is refused is not remembered either.
      await remembered.set(`kept/${id}`, before).catch(() => undefined);
      throw thrown;
    }
  }

  async shelf(): Promise<HubShelf> {
    const [models, bundled, space] = await Promise.all([
      this.library.list(),
      this.bundledOtherwise(),
      opfs.space(),
    ]);
    return { models, bundled, space };
  }

  /** @throws DecoscopeError "method" while a run or an answer is under way */
  async remove(id: string): Promise<void> {
    await this.free(id, "Delete it");
    this.folders.delete(id);
    if (!id.startsWith("./")) await this.library.remove(id);
  }
}
