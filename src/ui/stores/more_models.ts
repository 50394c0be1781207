/**
 * Models that the visitor brought: from the hub, or a folder. What menus say of them is remembered between visits; the files
 * themselves are the worker's. Written by ui/hub.
 */
import { create } from "zustand";
import type { CatalogEntry } from "../../models/catalog";

const KEY = "decoscope.models";

export interface MoreModels {
  readonly entries: readonly CatalogEntry[];
  /** A model that a link asked for and that is not here; its settings wait for it. */
  readonly wanted: string | null;
}

/** What was written by this page: an entry without its fields is dropped, not mended. */
const isEntry = (value: unknown): value is CatalogEntry => {
  const entry = value as Partial<CatalogEntry> | null;
  return (
    typeof entry === "object" &&
    entry !== null &&
    [entry.id, entry.label, entry.description, entry.tokenizer].every((text) => typeof text === "string") &&
    (entry.kind === "causal" || entry.kind === "masked") &&
    [entry.parameters, entry.layers, entry.contextLength].every((n) => typeof n === "number") &&
    Array.isArray(entry.tasks)
  );
};

function remembered(): readonly CatalogEntry[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(read) ? withDrafts(read.filter(isEntry)) : [];
  } catch {
    return [];
  }
}

/** Each causal model with the smallest other one that reads the same tokens: it drafts, or judges what is denoised. */
function withDrafts(entries: readonly CatalogEntry[]): readonly CatalogEntry[] {
  return entries.map((entry) => {
    const able = entries
      .filter((e) => e.id !== entry.id && e.kind === "causal" && e.tokenizer === entry.tokenizer)
      .filter((e) => entry.kind === "masked" || e.parameters < entry.parameters)
      .sort((a, b) => a.parameters - b.parameters);
    return { ...entry, draft: able[0]?.id ?? null };
  });
}

export const useMoreModels = create<MoreModels>()(() => ({ entries: remembered(), wanted: null }));

function keep(entries: readonly CatalogEntry[]): void {
  useMoreModels.setState({ entries: withDrafts(entries) });
  try {
    // A folder is gone with the page.
    localStorage.setItem(KEY, JSON.stringify(entries.filter(({ id }) => !id.startsWith("./"))));
  } catch {
    // Without storage they are known until the page is closed.
  }
}

/** Puts a model into menus, in place of what was known of it. */
export const addModel = (entry: CatalogEntry): void =>
  keep([...useMoreModels.getState().entries.filter(({ id }) => id !== entry.id), entry]);

/** Takes models out of menus. */
export const dropModels = (isGone: (id: string) => boolean): void =>
  keep(useMoreModels.getState().entries.filter(({ id }) => !isGone(id)));
