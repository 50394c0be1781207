/**
 * `npm run eval`: figures of the bundled models from their stored weights through the engine, written to
 * public/models/eval.json and into the cards. Without `--data` the stories are a small excerpt that lies beside this file.
 *
 *     npm run eval -- [--models a,b] [--data STORIES.txt(.gz)] [--windows N] [--count N] [--best N] [--samples N]
 *     npm run eval -- --storages [--models a] [--data STORIES.txt(.gz)] [--windows N]     (what each storage type costs)
 *     npm run eval -- --caches [--models a] [--data STORIES.txt(.gz)] [--windows N]       (the same for keys and values)
 */
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { format } from "prettier";
import { create, globals } from "webgpu";
import { catalog, type CatalogEntry } from "../../src/models/catalog";
import { directorySource } from "../../src/models/source_node";
import { findTask } from "../../src/tasks";
import { EngineHost, type HostedModel } from "../../src/worker/host";
import { section, withSection } from "./cards";
import type { Evaluation, Figure, ModelFigures } from "./figures";
import { boundFigures, causalFigures, cutWindows, recurrentFigures, routedFigures } from "./stories";
import { cacheFigures, storageFigures } from "./storages";
import { bestOfFigures, causalTaskFigures, maskedTaskFigures, taskFiguresByDepth } from "./tasks";

Object.assign(globalThis, globals);

const MODELS = "public/models";
/** The model whose storage types are compared unless another one is named. */
const STORAGES_OF = "story-target";
const OUT = `${MODELS}/eval.json`;

const { values } = parseArgs({
  options: {
    models: { type: "string" },
    data: { type: "string", default: new URL("heldout.txt", import.meta.url).pathname },
    windows: { type: "string", default: "1000" },
    draws: { type: "string", default: "4" },
    count: { type: "string", default: "40" },
    best: { type: "string", default: "24" },
    samples: { type: "string", default: "16" },
    storages: { type: "boolean", default: false },
    caches: { type: "boolean", default: false },
  },
});
const [windows, draws, count, best, samples] = (
  ["windows", "draws", "count", "best", "samples"] as const
).map((name) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name}: expected a whole number, found ${values[name]}`);
  return value;
}) as [number, number, number, number, number];

function readStories(path: string): string[] {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").trimEnd().split("\n\n");
}

async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await readFile(path));
  return Buffer.from(digest).toString("hex");
}

async function write(evaluation: Evaluation): Promise<void> {
  await writeFile(OUT, await format(JSON.stringify(evaluation), { parser: "json", printWidth: 110 }));
}

/** Where and how something was measured. */
const measuredNow = async (id: string) => ({
  weightsSha256: await sha256(`${MODELS}/${id}/model.safetensors`),
  command,
  date: new Date().toISOString().slice(0, 10),
});

async function figuresOf(host: EngineHost, entry: CatalogEntry): Promise<Figure[]> {
  const load = (id: string): Promise<HostedModel> => host.load(id, directorySource(`${MODELS}/${id}`, id));
  const model = await load(entry.id);
  if (entry.tasks.length > 0) {
    if (entry.kind === "masked")
      return [
        ...(await maskedTaskFigures(host, model, entry.tasks, count, 1)),
        ...(await maskedTaskFigures(host, model, entry.tasks, count, 4)),
      ];
    if (model.gpu.recurrence) return taskFiguresByDepth(host, model, entry.tasks, count);
    const figures = await causalTaskFigures(host, model, entry.tasks, count);
    if (!entry.tasks.includes("countdown")) return figures;
    const bestOf = { level: 4, count: best, samples };
    return [...figures, ...(await bestOfFigures(host, model, findTask("countdown"), bestOf))];
  }
  const heldOut = cutWindows(readStories(values.data), model, windows);
  if (entry.kind === "masked") return boundFigures(host, model, heldOut, draws);
  if (model.gpu.recurrence?.router) return routedFigures(host, model, heldOut);
  if (model.gpu.recurrence) return recurrentFigures(host, model, heldOut);
  const drafted = catalog.find(({ draft, kind }) => draft === entry.id && kind === "causal");
  return causalFigures(host, model, heldOut, drafted ? await load(drafted.id) : null);
}

async function readEvaluation(): Promise<Evaluation> {
  try {
    return JSON.parse(await readFile(OUT, "utf8")) as Evaluation;
  } catch {
    return { models: {} };
  }
}

const command = ["npm run eval --", ...process.argv.slice(2).map((word) => word.replace(/^.*\//, ""))].join(
  " ",
);
if (values.storages || values.caches) {
  const id = values.models === undefined ? STORAGES_OF : values.models;
  const of = { directory: `${MODELS}/${id}`, stories: readStories(values.data), windows };
  const found = values.storages ? { storages: await storageFigures(of) } : { caches: await cacheFigures(of) };
  for (const row of (found.storages ?? found.caches).rows) console.log(`${id}: ${JSON.stringify(row)}`);
  const evaluation = await readEvaluation();
  const measured = await measuredNow(id);
  const { storages, caches } = evaluation;
  await write({
    ...evaluation,
    ...(found.storages && { storages: { ...storages, [id]: { ...measured, ...found.storages } } }),
    ...(found.caches && { caches: { ...caches, [id]: { ...measured, ...found.caches } } }),
  });
  process.exit(0);
}
for (const id of (values.models ?? catalog.map(({ id }) => id).join(",")).split(",")) {
  const entry = catalog.find((known) => known.id === id);
  if (!entry) throw new Error(`there is no bundled model ${id}`);
  const host = await EngineHost.open(create([]));
  const figures = await figuresOf(host, entry);
  for (const figure of figures)
    console.log(`${id}: ${figure.label}: ${figure.value} (${figure.count} ${figure.of})`);
  const measured: ModelFigures = {
    ...(await measuredNow(id)),
    storage: "f32",
    adapter: host.gpu.adapter,
    figures,
  };
  host.destroy();
  const evaluation = await readEvaluation();
  const known = catalog
    .map((other) => other.id)
    .filter((other) => other === id || other in evaluation.models);
  const models = Object.fromEntries(
    known.map((other) => [other, other === id ? measured : (evaluation.models[other] as ModelFigures)]),
  );
  await write({ ...evaluation, models });
  const card = `${MODELS}/${id}/card.md`;
  const text = withSection(await readFile(card, "utf8"), section({ models }, id));
  await writeFile(card, text);
}
process.exit(0);
