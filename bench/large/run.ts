/**
 * `npm run bench:large`: a checkpoint of 600 million random weights (Qwen3-0.6B's shapes, bf16, 1.2 GB in a temporary folder, made
 * when it is not there) loaded by ranges and kept as int4, then a few tokens. Prints the memory of the process beyond its
 * buffers on the device, which on a software adapter are in the same process.
 *
 *     npm run bench:large -- [--storage int4] [--tokens 4] [--folder DIR] [--part-mib N]
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { WEIGHT_STORAGES } from "../../src/kernels/weights";
import { largeDirectorySource } from "../../src/models/source_node";
import { EngineHost } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";
import { writeCheckpoint } from "./checkpoint";

Object.assign(globalThis, globals);

const { values } = parseArgs({
  options: {
    storage: { type: "string", default: "int4" },
    tokens: { type: "string", default: "4" },
    folder: { type: "string", default: join(tmpdir(), "decoscope-large") },
    "part-mib": { type: "string", default: "128" },
  },
});
const storage = WEIGHT_STORAGES.find((known) => known === values.storage);
if (!storage) throw new Error(`--storage: expected ${WEIGHT_STORAGES.join(", ")}, found ${values.storage}`);
const [tokens, partMib] = (["tokens", "part-mib"] as const).map((name) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name}: expected a whole number, found ${values[name]}`);
  return value;
}) as [number, number];

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;

let at = performance.now();
const fileBytes = await writeCheckpoint(values.folder);
console.log(`checkpoint: ${mib(fileBytes)}, written or found in ${seconds(at)}`);

const host = await EngineHost.open(create([]), { storage });
// Bindings as small as WebGPU promises: this adapter's own limit is larger, most phones' is not.
host.tuning = {
  ...host.tuning,
  choices: { ...host.tuning.choices, "upload.part_bytes": partMib * 2 ** 20 },
};
const before = process.memoryUsage().rss;
let beyond = 0;
let held = 0;
const sample = (): void => {
  const { rss, arrayBuffers } = process.memoryUsage();
  beyond = Math.max(beyond, rss - host.memory.report().liveBytes);
  held = Math.max(held, arrayBuffers);
};
const timer = setInterval(sample, 20);

at = performance.now();
const model = await host.load("large", largeDirectorySource(values.folder, "large"), () => {}, undefined, {
  storage,
  maxContext: 2048,
});
sample();
console.log(
  `${(model.parameters / 1e6).toFixed(0)} million weights as ${storage}: ${mib(model.gpu.weightBytes)}, loaded in ${seconds(at)}`,
);
console.log(
  `process before: ${mib(before)}; at most beyond buffers while loading: ${mib(beyond)}, arrays ${mib(held)}`,
);

at = performance.now();
const settings = {
  model: "large",
  draft: null,
  method: "autoregressive",
  params: {},
  sampler: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
  prompt: "",
  begin: null,
  seed: 0,
  maxNewTokens: tokens,
  detail: "light" as const,
  profile: false,
};
const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
const ids: number[] = [];
for await (const event of runMethod(host, settings, { cancelled: false }, counts, [1, 2, 3, 4])) {
  if (event.kind === "commit") ids.push(...event.tokens);
  if (event.kind === "run_end" && event.error) throw new Error(event.error.message);
  sample();
}
clearInterval(timer);
console.log(`${ids.length} tokens in ${seconds(at)}: ${ids.join(" ")}`);
const { peakBytes, byOwner } = host.memory.report();
console.log(
  `buffers at most ${mib(peakBytes)}, now ${byOwner.map(({ owner, bytes }) => `${owner} ${mib(bytes)}`).join(", ")}`,
);
const limit = 1.5e9;
console.log(`at most beyond buffers: ${mib(beyond)}, ${beyond <= limit ? "within" : "ABOVE"} 1.5 GB`);
process.exit(beyond <= limit && ids.length === tokens ? 0 : 1);
