/**
 * `npm run bench:peers`: greedy decoding of the bundled model by this engine and by onnxruntime-web, in one headless
 * Chromium on one machine, from the same checkpoint, one token after another, in f32 and in int8. Prints tables for
 * bench/RESULTS.md.
 * Options: --tokens 64  --repeats 11  --seconds 20 (most for one engine, after which it is not repeated again)
 * --only webgpu,wasm  --weights f32,int8  --gpu (the real adapter instead of the software one)
 */
import { parseArgs } from "node:util";
import type { Page } from "@playwright/test";
import { type Bench, openBrowser } from "./browser";
import type { Peer } from "./onnxruntime";
import type { ReadFloor } from "./read_floor";
import { findModel } from "../../src/models/catalog";
import { floorLine, placedOnCpu, placements, ratioTable, type Row, speedTable } from "./table";
import type { Report, Task } from "./timing";

const { values: options } = parseArgs({
  options: {
    tokens: { type: "string", default: "64" },
    repeats: { type: "string", default: "11" },
    seconds: { type: "string", default: "20" },
    only: { type: "string", default: "webgpu,wasm" },
    weights: { type: "string", default: "f32,int8" },
    gpu: { type: "boolean", default: false },
  },
});
const task: Task = {
  model: "story-target",
  prompt: "Once upon a time, there was a little",
  newTokens: Number(options.tokens),
  repeats: Number(options.repeats),
  budgetMs: 1000 * Number(options.seconds),
};
// This engine reads several tokens back at once, and only those after the first readback are timed.
if (!(task.newTokens >= 16)) throw new Error(`--tokens: expected 16 or more, found ${options.tokens}`);
if (!(task.repeats >= 2)) throw new Error(`--repeats: expected 2 or more, found ${options.repeats}`);
const providers = new Set(options.only.split(","));
const storages = new Set(options.weights.split(","));

const BYTES_OF_FLOAT = 4;
/** Times the WASM provider's speed that this engine is to reach. */
const AIM_WASM = 1.5;
const PROVIDERS = { webgpu: "WebGPU", wasm: "WASM, 2 threads" } as const;
const PRODUCTS = {
  f32: "",
  "int8 blocks": ", MatMulNBits",
  "int8 columns": ", DynamicQuantizeMatMul",
} as const;

/** Quick ones first: what a slow one leaves of heat or memory then disturbs nobody. */
const PEERS: readonly Peer[] = (["wasm", "webgpu"] as const).flatMap((provider): Peer[] => [
  { provider, graph: "plain", products: "f32" },
  { provider, graph: "fused", products: "f32" },
  { provider, graph: "fused", products: "int8 blocks" },
  { provider, graph: "fused", products: "int8 columns" },
]);

const weightsOf = ({ products }: Peer): Row["weights"] => (products === "f32" ? "f32" : "int8");

/** In a page of its own, so that no time is spent on telling while others are measured. */
async function askPlacements(bench: Bench, peer: Peer): Promise<Record<string, number>> {
  const page = await bench.page("placements");
  const told: string[] = [];
  page.on("console", (message) => void told.push(message.text()));
  await page.evaluate(([t, p]) => (window.bench as NonNullable<typeof window.bench>).tellPlacements(t, p), [
    task,
    peer,
  ] as const);
  await page.close();
  return placedOnCpu(told);
}

async function measureFloor(bench: Bench): Promise<ReadFloor> {
  console.log("reading of the weights ...");
  const entry = findModel(task.model);
  if (!entry) throw new Error(`expected a bundled model, found ${task.model}`);
  const page = await bench.page("reading");
  return page.evaluate(
    (bytes) => (window.bench as NonNullable<typeof window.bench>).measureReadFloor(bytes),
    BYTES_OF_FLOAT * entry.parameters,
  );
}

/** Each engine gets a page of its own, so that none pays for what another left behind. */
async function measure(): Promise<{
  readonly rows: readonly Row[];
  readonly floor: ReadFloor | null;
  readonly failed: readonly string[];
}> {
  const bench = await openBrowser(options.gpu);
  const inPage = async (name: string, work: (page: Page) => Promise<Report>): Promise<Report> => {
    console.log(`${name} ...`);
    const page = await bench.page(name);
    try {
      return await work(page);
    } finally {
      await page.close();
    }
  };
  const rows: Row[] = [];
  const failed: string[] = [];
  try {
    // In f32 always: its tokens are what all others are compared with.
    for (const weights of ["f32", "int8"] as const) {
      if (weights === "int8" && !storages.has(weights)) continue;
      const report = await inPage(`decoscope, ${weights}`, (page) =>
        page.evaluate(([t, w]) => (window.bench as NonNullable<typeof window.bench>).runDecoscope(t, w), [
          task,
          weights,
        ] as const),
      );
      rows.push({ name: "decoscope, worker as the page runs it", weights, provider: null, report });
    }
    const promptTokens = rows[0]?.report.promptTokens ?? [];
    for (const peer of PEERS.filter((p) => providers.has(p.provider) && storages.has(weightsOf(p)))) {
      const provider = PROVIDERS[peer.provider];
      const name = `onnxruntime-web, ${provider}, ${peer.graph} graph${PRODUCTS[peer.products]}`;
      try {
        const report = await inPage(name, (page) =>
          page.evaluate(
            ([t, tokens, p]) => (window.bench as NonNullable<typeof window.bench>).runOnnx(t, tokens, p),
            [task, promptTokens, peer] as const,
          ),
        );
        const leftToCpu = peer.provider === "webgpu" ? await askPlacements(bench, peer) : null;
        rows.push({ name, weights: weightsOf(peer), provider, report, ...(leftToCpu && { leftToCpu }) });
      } catch (thrown) {
        // What one provider cannot do must not cost the figures of the others.
        failed.push(`- ${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
    return { rows, floor: options.gpu ? null : await measureFloor(bench), failed };
  } finally {
    await bench.close();
  }
}

/** @throws Error unless every generation in f32 gave the same tokens, and every other engine the same each time */
function checkTokens(rows: readonly Row[]): void {
  for (const { name, weights, report } of rows) {
    const first = weights === "f32" ? rows[0]?.report : report;
    const expected = first?.generations[0]?.tokens.join(" ");
    for (const { tokens } of report.generations) {
      if (tokens.join(" ") !== expected)
        throw new Error(
          `${name}, ${weights} decoded other tokens.\nexpected ${expected ?? "some"}\nfound    ${tokens.join(" ")}`,
        );
    }
  }
}

const { rows, floor, failed } = await measure();
console.log(`\n${String(task.newTokens)} tokens of ${task.model}; ${rows[0]?.report.ranOn ?? ""}\n`);
console.log(`${speedTable(rows)}\n\n${ratioTable(rows)}`);
if (floor !== null) console.log(`\n${floorLine(floor, rows, AIM_WASM)}`);
const placed = placements(rows);
if (placed !== "") console.log(`\nOperators that the WebGPU provider took:\n\n${placed}`);
if (failed.length > 0) console.log(`\nDid not run:\n\n${failed.join("\n")}`);
checkTokens(rows);
