/**
 * `npm run record`: writes the recorded runs that come with the page (public/recordings): the one it opens with, and one for
 * every method at its showcase settings, which the gallery's pictures are drawn from. `npm run record -- prophet rsd-s`
 * records these alone. The same command gives the same tokens on the same class of device.
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { create, globals } from "webgpu";
import { directorySource } from "../src/models/source_node";
import { encodeTrace } from "../src/trace/codec";
import { foldEvents } from "../src/trace/fold";
import type { TraceEvent } from "../src/trace/events";
import { methods } from "../src/ui/definitions";
import { recordingOf, showcaseSettings } from "../src/ui/showcase";
import type { RunSettings } from "../src/worker/api";
import { EngineHost } from "../src/worker/host";
import { runMethod } from "../src/worker/run";

Object.assign(globalThis, globals);

const FOLDER = "public/recordings";
/** The run that the page opens with. It is fetched before anything else, so it has no kernel times and few tokens. */
const FIRST = "first-run";
const first = (): RunSettings => showcaseSettings(methods.find((m) => m.id === "rsd-s")!);

const all = new Map<string, () => RunSettings>([
  [FIRST, first],
  ...methods.map((m) => [m.id, () => showcaseSettings(m)] as const),
]);
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.has(name));
if (unknown.length > 0)
  throw new Error(`expected names among ${[...all.keys()].join(", ")}; found ${unknown.join(", ")}`);

const host = await EngineHost.open(create([]));
await mkdir(FOLDER, { recursive: true });
for (const [name, settingsOf] of all) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const settings = settingsOf();
  for (const id of [settings.model, settings.draft])
    if (id !== null) await host.load(id, directorySource(`public/models/${id}`, id));
  const events: TraceEvent[] = [];
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  for await (const e of runMethod(host, settings, { cancelled: false }, counts)) events.push(e);
  const view = foldEvents(events);
  if (view.status.state !== "ended" || view.status.error)
    throw new Error(`${name} did not end well: ${JSON.stringify(view.status)}`);
  const path = `public/${recordingOf(name)}`;
  const text = encodeTrace(events);
  await writeFile(path, text);
  console.log(
    `${path}: ${text.length} bytes, ${view.rounds.length} steps: ${view.text.replaceAll("\n", " ")}`,
  );
}
const recordings = (await readdir(FOLDER))
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -".jsonl".length))
  .sort();
await writeFile(`${FOLDER}/index.json`, `${JSON.stringify({ recordings }, null, 2)}\n`);
host.destroy();
process.exit(0);
