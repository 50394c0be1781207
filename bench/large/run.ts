/**
 * `npm run bench:large`: a checkpoint of 600 million random weights (Qwen3-0.6B's shapes, bf16, 1.2 GB in a temporary folder, made
 * when it is not there) loaded by ranges and kept as int4, then a few tokens, on a device with the limits that WebGPU promises
 * everywhere: 128 MiB a binding. Prints the memory of the process beyond its buffers on the device, which on a software adapter
 * are in the same process.
 *
 *     npm run bench:large -- [--shape qwen3-0.6b|qwen3-4b-two-layers] [--storage int4] [--tokens 4] [--context 2048] [--folder DIR]
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { WEIGHT_STORAGES } from "../../src/kernels/weights";
import { largeDirectorySource } from "../../src/models/source_node";
import { EngineHost } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";
import { SHAPES, writeCheckpoint } from "./checkpoint";

Object.assign(globalThis, globals);

const { values } = parseArgs({
  options: {
    storage: { type: "string", default: "int4" },
    tokens: { type: "string", default: "4" },
    context: { type: "string", default: "2048" },
    shape: { type: "string", default: "qwen3-0.6b" },
    folder: { type: "string" },
  },
});
const storage = WEIGHT_STORAGES.find((known) => known === values.storage);
if (!storage) throw new Error(`--storage: expected ${WEIGHT_STORAGES.join(", ")}, found ${values.storage}`);
const config = SHAPES[values.shape];
if (!config) throw new Error(`--shape: expected ${Object.keys(SHAPES).join(", ")}, found ${values.shape}`);
const folder = values.folder ?? join(tmpdir(), "decoscope-large", values.shape);
const [tokens, context] = (["tokens", "context"] as const).map((name) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name}: expected a whole number, found ${values[name]}`);
  return value;
}) as [number, number];

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;

let at = performance.now();
const fileBytes = await writeCheckpoint(folder, config);
console.log(`checkpoint: ${mib(fileBytes)}, written or found in ${seconds(at)}`);

// Limits as WebGPU promises them: this adapter's own are larger, most phones' are not.
const host = await EngineHost.open(create([]), { storage, without: ["limits"] });
console.log(
  `${host.gpu.adapter}: at most ${mib(host.gpu.device.limits.maxStorageBufferBindingSize)} in a binding`,
);
const started = process.memoryUsage().rss;
let beyond = 0;
let held = 0;
const sample = (): void => {
  const { rss, arrayBuffers } = process.memoryUsage();
  beyond = Math.max(beyond, rss - host.memory.report().liveBytes);
  held = Math.max(held, arrayBuffers);
};
const timer = setInterval(sample, 20);

at = performance.now();
const model = await host.load("large", largeDirectorySource(folder, "large"), () => {}, undefined, {
  storage,
  maxContext: context,
});
sample();
console.log(
  `${(model.parameters / 1e6).toFixed(0)} million weights as ${storage}: ${mib(model.gpu.weightBytes)}, loaded in ${seconds(at)}`,
);
console.log(
  `process before: ${mib(started)}; at most beyond buffers while loading: ${mib(beyond)}, arrays ${mib(held)}`,
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
