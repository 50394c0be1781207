/** onnxruntime-web on the same weights: greedy decoding with the caches left where the provider computes. */
import type * as Ort from "onnxruntime-web";
import { type Checkpoint, loadCheckpoint, type Shape } from "./checkpoint";
import { fusedGraph } from "./graph_fused";
import { plainGraph } from "./graph_plain";
import { encodeModel } from "./onnx";
import { f32, int8Blocks, int8Columns } from "./products";
import { type Generation, repeated, type Report, type Task } from "./timing";

export type Provider = "webgpu" | "wasm";
export type GraphKind = "plain" | "fused";

/** How the graph multiplies. */
const PRODUCTS = { f32, "int8 blocks": int8Blocks, "int8 columns": int8Columns } as const;
export type Products = keyof typeof PRODUCTS;

/** One way to run the model. */
export interface Peer {
  readonly provider: Provider;
  readonly graph: GraphKind;
  readonly products: Products;
}

/** Threads of the WASM provider. */
const THREADS = 2;

/** The library as its makers ship it, next to its own WASM files; a bundler would part its threads from them. */
async function loadLibrary(provider: Provider, logLevel: "error" | "verbose"): Promise<typeof Ort> {
  const folder = new URL("./ort/", location.href).href;
  const library = (await import(/* @vite-ignore */ `${folder}ort.${provider}.min.mjs`)) as typeof Ort;
  library.env.wasm.wasmPaths = folder;
  library.env.wasm.numThreads = provider === "wasm" ? THREADS : 1;
  library.env.logLevel = logLevel;
  return library;
}

/** Index of the largest of the last `vocabSize` values. */
function argmaxOfLastRow(logits: Float32Array, vocabSize: number): number {
  const start = logits.length - vocabSize;
  let best = start;
  for (let i = start + 1; i < logits.length; i++) if ((logits[i] ?? 0) > (logits[best] ?? 0)) best = i;
  return best - start;
}

/** What one pass over `tokens` is fed, after `past` cached positions. */
function inputsOf(
  ort: typeof Ort,
  graph: GraphKind,
  tokens: readonly number[],
  past: number,
): Record<string, Ort.Tensor> {
  const count = tokens.length;
  const total = past + count;
  const ids = new ort.Tensor("int64", BigInt64Array.from(tokens.map(BigInt)), [1, count]);
  if (graph === "fused") {
    return {
      tokens: ids,
      seqlens_k: new ort.Tensor("int32", Int32Array.of(total - 1), [1]),
      total_length: new ort.Tensor("int32", Int32Array.of(total), []),
    };
  }
  const bias = new Float32Array(count * total);
  for (let row = 0; row < count; row++) bias.fill(-1e30, row * total + past + row + 1, (row + 1) * total);
  const positions = BigInt64Array.from(tokens.map((_, i) => BigInt(past + i)));
  return {
    tokens: ids,
    positions: new ort.Tensor("int64", positions, [1, count]),
    bias: new ort.Tensor("float32", bias, [1, 1, count, total]),
  };
}

/** The library with its threads and a session of the model, as `options` asks. */
async function openSession(
  task: Task,
  { provider, graph, products }: Peer,
  options: Ort.InferenceSession.SessionOptions = {},
): Promise<{ readonly ort: typeof Ort; readonly shape: Shape; readonly session: Ort.InferenceSession }> {
  const ort = await loadLibrary(provider, options.logSeverityLevel === 0 ? "verbose" : "error");
  const checkpoint: Checkpoint = await loadCheckpoint(new URL(`./models/${task.model}`, location.href).href);
  const onDevice = Object.fromEntries(
    cachesOf(checkpoint.shape).map((name) => [`present.${name}`, "gpu-buffer" as const]),
  );
  const build = graph === "plain" ? plainGraph : fusedGraph;
  const session = await ort.InferenceSession.create(encodeModel(build(checkpoint, PRODUCTS[products])), {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    ...(provider === "webgpu" ? { preferredOutputLocation: { ...onDevice, logits: "cpu" } } : {}),
    ...options,
  });
  return { ort, shape: checkpoint.shape, session };
}

const cachesOf = ({ nLayers }: Shape): string[] =>
  Array.from({ length: nLayers }, (_, i) => [`${String(i)}.key`, `${String(i)}.value`]).flat();

/** Has the library tell the console where it places each node of the graph. For a page of its own: it logs from its start or not at all. */
export async function tellPlacements(task: Task, peer: Peer): Promise<void> {
  const { session } = await openSession(task, peer, { logSeverityLevel: 0 });
  await session.release();
}

export async function runOnnx(task: Task, promptTokens: readonly number[], peer: Peer): Promise<Report> {
  const { provider, graph } = peer;
  const { ort, shape, session } = await openSession(task, peer);
  const { nKvHeads, headDim, vocabSize } = shape;
  const caches = cachesOf(shape);

  const generate = async (newTokens: number): Promise<Generation> => {
    let past: Record<string, Ort.Tensor> = Object.fromEntries(
      caches.map((name) => [
        `past.${name}`,
        new ort.Tensor("float32", new Float32Array(0), [1, nKvHeads, 0, headDim]),
      ]),
    );
    let length = 0;
    const forward = async (tokens: readonly number[]): Promise<number> => {
      const results = await session.run({ ...inputsOf(ort, graph, tokens, length), ...past });
      Object.values(past).forEach((tensor) => tensor.dispose());
      past = Object.fromEntries(
        caches.map((name) => [`past.${name}`, results[`present.${name}`] as Ort.Tensor]),
      );
      length += tokens.length;
      const { logits } = results;
      return argmaxOfLastRow(logits?.data as Float32Array, vocabSize);
    };
    const tokens = [await forward(promptTokens)];
    const started = performance.now();
    while (tokens.length < newTokens) tokens.push(await forward(tokens.slice(-1)));
    const decodeMs = performance.now() - started;
    Object.values(past).forEach((tensor) => tensor.dispose());
    return { tokens, timedTokens: tokens.length - 1, decodeMs };
  };

  await generate(Math.min(4, task.newTokens));
  const generations = await repeated(task, () => generate(task.newTokens));
  await session.release();
  const ranOn = provider === "wasm" ? `${String(ort.env.wasm.numThreads)} threads` : "WebGPU";
  return { promptTokens, generations, ranOn };
}
