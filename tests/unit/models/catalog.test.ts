import { describe, expect, it } from "vitest";
import { catalog, findModel } from "../../../src/models/catalog";
import { loadModel } from "../../../src/models/load";
import { directorySource } from "../../../src/models/source_node";
import { BOS, EOS } from "../../../src/tasks/vocabulary";

const directory = (path: string): string => new URL(`../../../public/${path}`, import.meta.url).pathname;

/** Ids that texts of each family begin and end with, and a text that it can read. */
const TOKENIZERS: Readonly<Record<string, { bos: number; end: number; text: string }>> = {
  "stories-2048": { bos: 0, end: 0, text: "Once" },
  "tasks-108": { bos: BOS, end: EOS, text: "copy:abc_________=" },
};

describe("the catalogue", () => {
  it("has ids that are fit for links, each once", () => {
    const ids = catalog.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/);
    expect(findModel("story-target")?.label).toBeTruthy();
    expect(findModel("none")).toBeUndefined();
  });

  it("pairs models with drafts of the same tokenizer", () => {
    for (const { draft, tokenizer } of catalog)
      if (draft !== null) expect(findModel(draft)).toMatchObject({ tokenizer, kind: "causal" });
  });
});

describe.each(catalog)("$id", (entry) => {
  const source = directorySource(directory(`models/${entry.id}`));

  it("lists the files there are, with their lengths, and its card", async () => {
    const files = (await source.list?.()) ?? [];
    const card = entry.card.split("/").at(-1);
    const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1)).filter(({ name }) => name !== card);
    expect(entry.files).toEqual(sorted);
    expect(files.map(({ name }) => name)).toContain(card);
    expect(entry.card).toBe(`models/${entry.id}/${card}`);
    expect(entry.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(entry.sizeBytes);
  });

  it("has the numbers of its files", async () => {
    const model = await loadModel(source);
    expect(model.config).toMatchObject({ kind: entry.kind, maxContext: entry.contextLength });
    const { config } = model;
    const recurrence = "recurrence" in config ? config.recurrence : null;
    expect(entry.recurrence).toBe(recurrence?.trainedRecurrence);
    expect(entry.hasRouter ?? false).toBe(recurrence?.router !== undefined);
    const { nPrelude, nCore, nCoda, trainedRecurrence } = recurrence ?? {
      ...{ nPrelude: "nLayers" in config ? config.nLayers : 0, nCore: 0, nCoda: 0, trainedRecurrence: 0 },
    };
    expect(nPrelude + trainedRecurrence * nCore + nCoda).toBe(entry.layers);
    expect(model.tensors.parameters).toBe(entry.parameters);
    expect(model.sizeBytes).toBe(entry.sizeBytes);
    const { bos, end, text } = TOKENIZERS[entry.tokenizer]!;
    expect(model.facts).toMatchObject({ id: entry.id, endTokens: [end] });
    expect(model.tokenizer.encodePrompt(text)[0]).toBe(bos);
    for (const name of model.tensors.names) model.tensors.get(name).toFloat32();
  });

  it("has the tokens of all models with its tokenizer id", async () => {
    const { tokenizer } = await loadModel(source);
    for (const other of catalog.filter((e) => e.tokenizer === entry.tokenizer && e !== entry)) {
      const theirs = (await loadModel(directorySource(directory(`models/${other.id}`)))).tokenizer;
      expect(theirs.size).toBe(tokenizer.size);
      for (let id = 0; id < tokenizer.size; id++) expect(theirs.bytes(id)).toEqual(tokenizer.bytes(id));
    }
  });
});
