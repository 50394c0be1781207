/** Questions about models: what is said stands where it was asked, and says what is done. */
import { renderToStaticMarkup } from "react-dom/server";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DeviceInfo, LocalOffer } from "../../src/worker/api";

// What is drawn without a browser is drawn from the stores as they are, not as they began.
vi.mock("zustand", () => import("../../src/ui/first_paint/store"));
const described = {
  architecture: "llama",
  kind: "causal",
  parameters: 1000,
  maxContext: 64,
  context: 64,
  contexts: [64],
  dtypes: ["F32"],
  stateBytes: 0,
  choices: [{ storage: "f32", weightBytes: 4000, problem: null }],
  caches: null,
} as const;
const kept = { storage: "f32", cacheStorage: "f32", context: 64 } as const;
const offer = (id: string) =>
  Object.assign({}, described, { id, sizeBytes: 4000, kept }) as unknown as LocalOffer;
const never = () => new Promise<never>(() => undefined);
const client = vi.hoisted(() => ({}));
vi.mock("../../src/worker/client", () => ({ connectEngine: () => client }));

const PAGE = new URL("http://localhost/");
vi.stubGlobal("document", { baseURI: PAGE.href });
vi.stubGlobal("location", PAGE);
vi.stubGlobal("navigator", { storage: { persist: () => Promise.resolve(true) } });
const { BundledKept } = await import("../../src/ui/hub/BundledKept");
const { HubModels } = await import("../../src/ui/hub/HubModels");
const { accept, keepBundled, lookUp, offerBundled, offerFolder, refreshShelf, removeModel, useHub } =
  await import("../../src/ui/hub/store");
const { useEngine } = await import("../../src/ui/stores/engine");

const inForm = (): string => renderToStaticMarkup(<HubModels />);
const inCard = (): string => renderToStaticMarkup(<BundledKept id="story-target" />);

beforeEach(() => {
  useEngine.setState({ hasWebGpu: true });
  useHub.setState(useHub.getState(), true);
  useHub.setState({ busy: null, offer: null, problem: null, done: null });
  Object.assign(client, {
    openDevice: () => Promise.resolve({ avoided: [] as readonly string[] } as DeviceInfo),
    hubShelf: () => Promise.resolve({ models: [], bundled: [], space: null }),
    hubOffer: (name: string) => Promise.reject(new Error(`no ${name} at the hub`)),
    folderOffer: (folder: string) => Promise.resolve(offer(`./${folder}`)),
    bundledOffer: (id: string) => Promise.resolve(offer(id)),
    keepBundled: () => Promise.resolve(),
  });
});

describe("what the form asked", () => {
  it("is answered there, also for the name of a model that comes with the page", async () => {
    await lookUp("story-target");
    expect(inForm()).toContain("no story-target at the hub");
    expect(inCard()).not.toContain("no story-target at the hub");
  });
  it("a folder is offered there", async () => {
    await offerFolder("mine", []);
    expect(inForm()).toContain('data-testid="hub-offer"');
    expect(inForm()).toContain("Load it");
    expect(inCard()).not.toContain('data-testid="hub-offer"');
  });
});

describe("what a card asked", () => {
  it("is answered in it", async () => {
    await offerBundled("story-target");
    expect(inCard()).toContain("Keep it so");
    expect(inForm()).not.toContain('data-testid="hub-offer"');
    await accept();
    expect(inCard()).toContain("keeps its weights in f32");
    expect(inForm()).not.toContain("keeps its weights");
  });
});

it("an offer stays where it was made while something else is asked for", async () => {
  await offerBundled("story-target");
  Object.assign(client, { hubRemove: () => Promise.reject(new Error("in use")) });
  await removeModel("org/name");
  expect(inForm()).toContain("in use");
  expect(inForm()).not.toContain('data-testid="hub-offer"');
  expect(inCard()).toContain("Keep it so");
});

describe("a card of a bundled model", () => {
  const remembered = { ...kept, storage: "int4" } as const;
  const isAsked = (bundled: readonly object[]) =>
    Object.assign(client, { hubShelf: () => Promise.resolve({ models: [], bundled, space: null }) });
  it("says how it is kept where somebody chose that on an earlier visit, and only then", async () => {
    isAsked([{ id: "story-target", kept: remembered }]);
    await refreshShelf();
    expect(inCard()).toContain(
      "Kept otherwise on this device: weights in int4, keys and values in f32, texts of up to 64 tokens.",
    );
    isAsked([{ id: "story-draft", kept: remembered }]);
    await refreshShelf();
    expect(inCard()).not.toContain("Kept otherwise");
    expect(inCard()).not.toContain("as it comes");
  });
});

it("a stored model says how it is kept, and is asked about with that choice", async () => {
  const id = "org/name";
  const stored = { id, kept: { ...kept, context: 32 }, storedBytes: 1, totalBytes: 1, licence: null };
  const models = [{ ...stored, entry: null }];
  Object.assign(client, {
    hubShelf: () => Promise.resolve({ models, bundled: [], space: null }),
    hubOffer: () => Promise.resolve({ ...offer(id), preferred: "int8" }),
  });
  await refreshShelf();
  expect(inForm()).toContain("weights in f32, keys and values in f32, texts of up to 32 tokens");
  await lookUp(id);
  expect(useHub.getState().kept).toEqual(stored.kept);
  Object.assign(client, { hubOffer: () => Promise.resolve({ ...offer("org/other"), preferred: "int8" }) });
  await lookUp("org/other");
  expect(useHub.getState().kept?.storage).toBe("int8");
});

describe("while something is done, it is said what", () => {
  it.each([
    ["asking", () => lookUp("org/name"), inForm, "Asking about org/name"],
    ["keeping", () => keepBundled("story-target", kept), inCard, "Storing how "],
    ["deleting", () => removeModel("org/name"), inForm, "Deleting org/name"],
  ])("%s", async (_, act, where, words) => {
    Object.assign(client, { hubOffer: never, keepBundled: never, hubRemove: never });
    void act();
    await vi.waitFor(() => expect(where()).toContain(words));
  });
});
