/** What the Models place shows of the hub, and what its buttons do. Fetched with that place. */
import { create } from "zustand";
import { toErrorRecord, type ErrorRecord } from "../../base/errors";
import type { CatalogEntry, HubOffer, HubShelf, Kept, LoadProgress, LocalOffer } from "../../worker/api";
import { fits, methodOf, methods, modelOf, models } from "../definitions";
import { engineFor, openClient, watchProgress } from "../engine";
import { addModel, dropModels, useMoreModels } from "../stores/more_models";
import { setMethod, setModel, useSettings } from "../stores/settings";

const TOKEN_KEY = "decoscope.hub-token";

/** What a model would take, and where its files come from. */
export type OfferShown =
  | ({ readonly from: "hub" } & HubOffer)
  | ({ readonly from: "folder"; readonly chosen: readonly File[] } & LocalOffer)
  | ({ readonly from: "bundled" } & LocalOffer);

export interface HubState {
  readonly name: string;
  /** Where it was asked for, and is answered: under the form, or in the card of a bundled model. */
  readonly asked: "form" | "card";
  /** In memory, unless the visitor lets it be stored. */
  readonly token: string;
  readonly isTokenStored: boolean;
  readonly busy: "asking" | "fetching" | "keeping" | "deleting" | null;
  readonly offer: OfferShown | null;
  /** How the offered model is to be kept; null if its weights fit in no way. */
  readonly kept: Kept | null;
  readonly progress: LoadProgress | null;
  readonly problem: ErrorRecord | null;
  /** The model that was loaded last, or the bundled one for which was said how it is kept from now on. */
  readonly done: { readonly id: string; readonly kept: Kept | null } | null;
  readonly shelf: HubShelf | null;
}

function storedToken(): string {
  try {
    return localStorage.getItem(TOKEN_KEY) ?? "";
  } catch {
    return "";
  }
}

export const useHub = create<HubState>()(() => ({
  name: "",
  asked: "form",
  token: storedToken(),
  isTokenStored: storedToken() !== "",
  busy: null,
  offer: null,
  kept: null,
  progress: null,
  problem: null,
  done: null,
  shelf: null,
}));

const set = useHub.setState;

/** What a model is called here: those from outside by the whole name under which they are found. */
export const nameOf = (id: string): string => models.find((m) => m.id === id)?.label ?? id;

export function setToken(token: string, isTokenStored: boolean): void {
  set({ token, isTokenStored });
  try {
    if (isTokenStored && token !== "") localStorage.setItem(TOKEN_KEY, token);
    else localStorage.removeItem(TOKEN_KEY);
  } catch {
    // Without storage it is forgotten with the page.
  }
}

const tokenOf = ({ token }: HubState): string | null => (token.trim() === "" ? null : token.trim());

/** Does one thing at a time; what goes wrong is shown where it was asked for and leaves the rest as it was. */
async function busy(
  what: NonNullable<HubState["busy"]>,
  { asked, name }: Pick<HubState, "asked" | "name">,
  work: () => Promise<void>,
): Promise<void> {
  if (useHub.getState().busy !== null) return;
  set({ busy: what, asked, name, problem: null, done: null, progress: null });
  watchProgress((progress) => set({ progress }));
  try {
    await work();
  } catch (thrown) {
    const problem = toErrorRecord(thrown, "load");
    set({ problem: problem.code === "cancelled" ? null : problem });
  } finally {
    watchProgress(null);
    set({ busy: null, progress: null });
    await refreshShelf();
  }
}

/** Reads what is stored, and takes models out of menus whose files are gone. */
export async function refreshShelf(): Promise<void> {
  try {
    const shelf = await (await openClient()).hubShelf();
    set({ shelf });
    const stored = new Map(shelf.models.map((model) => [model.id, model.entry]));
    for (const entry of stored.values()) if (entry && !modelOf(entry.id)) addModel(entry);
    const { unstored } = memory;
    dropModels((id) => !id.startsWith("./") && !stored.has(id) && !unstored.has(id));
  } catch {
    // Without WebGPU or storage there is nothing to list; what was asked for says why.
    set({ shelf: { models: [], bundled: [], space: null } });
  }
}

/** Models that are loaded and could not be stored. */
const memory = { unstored: new Set<string>() };

/** Asks the hub about a model. */
export const lookUp = (name: string): Promise<void> =>
  busy("asking", { asked: "form", name }, async () => {
    set({ offer: null });
    const { engine } = await engineFor([]);
    const offer = await engine.hubOffer(name, tokenOf(useHub.getState()));
    const { preferred: storage, context } = offer;
    const stored = useHub.getState().shelf?.models.find(({ id }) => id === offer.id)?.kept;
    const isPossible = stored && offer.choices.some((c) => c.storage === stored.storage && !c.problem);
    set({
      offer: { from: "hub", ...offer },
      kept: isPossible ? stored : storage && { storage, cacheStorage: "f32", context },
    });
  });

/** Chooses a model, and a method that runs on it if the present one does not. */
export function choose(id: string): void {
  setModel(id);
  // What was set up for it is the visitor's own: no example takes its place.
  useSettings.setState({ isOwn: true });
  const present = methodOf(useSettings.getState().method);
  if (present && fits(present, id)) return;
  const able = methods.filter((m) => fits(m, id));
  const next = able.find((m) => m.id === "autoregressive") ?? able[0];
  if (next) setMethod(next.id);
}

/** Puts a model into menus and into the setup, if a link waited for it or `isChosen`. */
function adopt(entry: CatalogEntry): void {
  addModel(entry);
  if (useMoreModels.getState().wanted === entry.id) {
    useMoreModels.setState({ wanted: null });
    choose(entry.id);
  }
  set({ done: { id: entry.id, kept: null }, offer: null });
}

/** Fetches the model that was offered, or goes on with one that is stored in part. */
export const fetchModel = (id: string, kept: Kept | null): Promise<void> =>
  busy("fetching", { asked: "form", name: id }, async () => {
    // Asked for once somebody wants something kept; without it the browser may clear it when the disk is full.
    await navigator.storage.persist().catch(() => false);
    const { engine } = await engineFor([]);
    const entry = await engine.hubFetch(id, kept, tokenOf(useHub.getState()));
    const { offer } = useHub.getState();
    if (offer?.from === "hub" && offer.cannotStore !== null) memory.unstored.add(id);
    adopt(entry);
  });

/** Stops a download; what came is kept. */
export async function stopFetching(): Promise<void> {
  (await openClient()).cancelLoad(useHub.getState().name);
}

/** Shows what a folder's model takes, and asks how it is to be kept. */
export const offerFolder = (folder: string, files: readonly File[]): Promise<void> =>
  busy("asking", { asked: "form", name: `./${folder}` }, async () => {
    set({ offer: null });
    const { engine } = await engineFor([]);
    const offer = await engine.folderOffer(folder, files);
    set({ offer: { from: "folder", chosen: files, ...offer }, kept: offer.kept });
  });

export const loadFolder = (folder: string, files: readonly File[], kept: Kept): Promise<void> =>
  busy("fetching", { asked: "form", name: `./${folder}` }, async () => {
    const { engine } = await engineFor([]);
    adopt(await engine.loadFolder(folder, files, kept));
  });

/** Shows what a model that comes with the page takes, and asks how it is to be kept. */
export const offerBundled = (id: string): Promise<void> =>
  busy("asking", { asked: "card", name: id }, async () => {
    set({ offer: null });
    const { engine } = await engineFor([]);
    const offer = await engine.bundledOffer(id);
    set({ offer: { from: "bundled", ...offer }, kept: offer.kept });
  });

export const keepBundled = (id: string, kept: Kept): Promise<void> =>
  busy("keeping", { asked: "card", name: id }, async () => {
    await (await openClient()).keepBundled(id, kept);
    set({ done: { id, kept }, offer: null });
  });

/** Keeps a bundled model as it comes: as if nobody had chosen. */
export const keepAsItComes = ({ id, contextLength }: CatalogEntry): Promise<void> =>
  keepBundled(id, { storage: "f32", cacheStorage: "f32", context: contextLength });

/** Does what the offer on the page asks about. */
export async function accept(): Promise<void> {
  const { offer, kept } = useHub.getState();
  if (!offer || !kept) return;
  if (offer.from === "hub") await fetchModel(offer.id, kept);
  else if (offer.from === "folder") await loadFolder(offer.id.slice(2), offer.chosen, kept);
  else await keepBundled(offer.id, kept);
}

export async function removeModel(id: string): Promise<void> {
  await busy("deleting", { asked: "form", name: id }, async () => {
    await (await openClient()).hubRemove(id);
    dropModels((known) => known === id);
    if (useSettings.getState().model === id) choose(models[0]?.id ?? "");
  });
}
