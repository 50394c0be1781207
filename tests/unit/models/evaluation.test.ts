/** Figures on model cards are those that `npm run eval` measured, of the weights that are there. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Evaluation } from "../../../bench/eval/figures";
import { section, withSection } from "../../../bench/eval/cards";
import { WEIGHT_STORAGES } from "../../../src/kernels/weights";
import { catalog } from "../../../src/models/catalog";
import { findTask } from "../../../src/tasks";

const MODELS = new URL("../../../public/models/", import.meta.url);
const evaluation = JSON.parse(await readFile(new URL("eval.json", MODELS), "utf8")) as Evaluation;

describe("the storage types", () => {
  it("were measured with the weights of the model that there is, all four, the smaller with less memory", () => {
    for (const [id, { weightsSha256, rows, count }] of Object.entries(evaluation.storages ?? {})) {
      expect(weightsSha256, "run npm run eval -- --storages").toBe(evaluation.models[id]?.weightsSha256);
      expect(rows.map(({ storage }) => storage)).toEqual([...WEIGHT_STORAGES]);
      expect(count).toBeGreaterThan(0);
      rows.slice(1).forEach((row, i) => expect(row.weightBytes).toBeLessThan(rows[i]!.weightBytes));
    }
    expect(Object.keys(evaluation.storages ?? {})).toContain("story-target");
  });
});

describe.each(catalog)("$id", ({ id, tasks }) => {
  it("was measured with the weights that it has", async () => {
    const bytes = await readFile(new URL(`${id}/model.safetensors`, MODELS));
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
    expect(evaluation.models[id]?.weightsSha256, "run npm run eval after changing the weights").toBe(hash);
  });

  it("has these figures on its card, and the card no others from this command", async () => {
    const card = await readFile(new URL(`${id}/card.md`, MODELS), "utf8");
    expect(card).toContain(section(evaluation, id));
    expect(withSection(card, section(evaluation, id))).toBe(card);
  });

  it("has counts behind its figures, a figure for each of its tasks, and tasks that there are", () => {
    const figures = evaluation.models[id]?.figures ?? [];
    expect(figures.length).toBeGreaterThan(0);
    for (const { count, unit, value } of figures) {
      expect(count).toBeGreaterThan(0);
      expect(value).toBeGreaterThanOrEqual(0);
      if (unit === "share") expect(value).toBeLessThanOrEqual(1);
    }
    for (const task of tasks) {
      expect(findTask(task).id).toBe(task);
      expect(figures.some((figure) => figure.id === task || figure.id.startsWith(`${task}_`))).toBe(true);
    }
  });
});
