/**
 * Layers whose matrices are larger than the device binds at once: cut by rows they give the bits that they give whole, with one
 * dispatch for each part. Every storage type and number of rows is in tests/kernels/matvec_parts.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DispatchList } from "../../src/engine/dispatch_list";
import type { GpuModel } from "../../src/runtime/gpu_model";
import { promptLogits } from "../../src/runtime/logits";
import type { EngineHost } from "../../src/worker/host";
import { checkpointOf } from "../helpers/checkpoints";
import { huginnCheckpoint, ouroCheckpoint } from "../helpers/looped_checkpoints";
import { mambaCheckpoint } from "../helpers/mamba_checkpoints";
import { memorySource } from "../helpers/tiny_model";
import { openHost, runToEnd } from "../runtime/helpers";

/** Bytes that may be bound, by storage: of 32 rows of 40 columns. */
const LIMITS = { f32: 5120, int8: 1280 };

interface Case {
  readonly name: string;
  readonly files: ReturnType<typeof checkpointOf>["files"];
  readonly storage: keyof typeof LIMITS;
  readonly counts: readonly number[];
  /** Matrices that must have been cut, among others. */
  readonly cut: readonly string[];
  /** Dispatches of one row through the whole model. */
  readonly dispatches?: number;
  /** How often a pass goes through a matrix. */
  readonly uses?: (matrix: string) => number;
}

const LAYER = ["layer0.qkv", "layer2.gate_up", "layer1.out", "layer1.down"];
const CASES: readonly Case[] = [
  {
    name: "Llama, every bias",
    files: checkpointOf("Llama, every bias, linear scaling, untied").files,
    storage: "int8",
    counts: [1, 6, 37],
    cut: LAYER,
    dispatches: 1 + 3 * 5,
  },
  {
    name: "Qwen3",
    files: checkpointOf("Qwen3").files,
    storage: "f32",
    counts: [1, 6],
    cut: LAYER,
    dispatches: 1 + 3 * 6,
  },
  {
    name: "Gemma 3",
    files: checkpointOf("Gemma 3, a window shorter than the text").files,
    storage: "f32",
    counts: [1, 6],
    cut: LAYER,
    dispatches: 1 + 3 * 8,
  },
  {
    name: "Huginn",
    files: huginnCheckpoint(1, { mean_recurrence: 2 }).files,
    storage: "int8",
    counts: [1, 3],
    cut: ["core.1.gate_up", "core.2.down", "prelude.0.qkv", "coda.1.out", "adapter.latent"],
    uses: (matrix) => (/^core|adapter\.latent/.test(matrix) ? 2 : 1),
  },
  {
    name: "Ouro",
    files: ouroCheckpoint(1, { total_ut_steps: 2 }).files,
    storage: "f32",
    counts: [1],
    cut: LAYER,
    uses: (matrix) => (matrix.startsWith("layer") ? 2 : 1),
  },
  {
    name: "Mamba-2",
    files: mambaCheckpoint({ use_bias: true, chunk_size: 8 }).files,
    storage: "f32",
    counts: [1, 6],
    cut: ["layer0.in", "layer2.out"],
    dispatches: 1 + 3 * 4,
  },
  {
    name: "Mamba-2 with groups",
    files: mambaCheckpoint({ n_groups: 2, chunk_size: 8 }).files,
    storage: "f32",
    counts: [1, 6],
    cut: ["layer0.in", "layer2.out"],
    dispatches: 1 + 3 * 5,
  },
];

let whole: EngineHost;
let own: EngineHost;
beforeAll(async () => {
  whole = await openHost();
  own = await openHost();
});
afterAll(() => {
  whole.destroy();
  own.destroy();
});

const tokens = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 59 + 280) % 283);

/** Dispatches of one row through the layers. */
function dispatchesOf(host: EngineHost, model: GpuModel): number {
  const state = model.createState("count", 8, 1);
  const rows = host.memory.create({ label: "count.rows", bytes: 1024, use: "scratch" });
  const list = new DispatchList(host.engine, "count");
  state.recordLayers({ list, tuning: host.tuning }, { rows, bits: rows, count: 1 });
  state.dispose();
  host.memory.free(rows);
  return list.length;
}

/** Parts by matrix, of those that were cut. */
function partsIn(host: EngineHost, id: string): Map<string, number> {
  const parts = new Map<string, number>();
  for (const label of host.memory.leaks()) {
    const found = label.startsWith(`${id}.`) && /^(.+)\.\d+$/.exec(label.slice(id.length + 1));
    if (found) parts.set(found[1]!, (parts.get(found[1]!) ?? 0) + 1);
  }
  return parts;
}

describe.each(CASES)("$name", ({ name: id, files, storage, counts, cut, dispatches, uses = () => 1 }) => {
  it("in parts is what it is whole", async () => {
    const load = (host: EngineHost) =>
      host.load(id, memorySource(files, { id }), () => {}, undefined, { storage });
    const limit = { "upload.part_bytes": LIMITS[storage] };
    own.tuning = { ...whole.tuning, choices: { ...whole.tuning.choices, ...limit } };
    const before = own.memory.report().liveBytes;
    const { gpu: inParts } = await load(own);
    const { gpu: expected } = await load(whole);

    const parts = partsIn(own, id);
    for (const matrix of cut) expect(parts.get(matrix) ?? 1, matrix).toBeGreaterThan(1);
    for (const { label, bytes } of own.memory.held())
      if (
        label.startsWith(`${id}.`) &&
        /(qkv|out|gate_up|down|latent|embedding|in|embed|head)(\.\d+)?(\.scales)?$/.test(label)
      )
        expect(bytes, label).toBeLessThanOrEqual(LIMITS[storage]);
    expect(inParts.weightBytes).toBe(own.memory.report().liveBytes - before);

    const plain = dispatchesOf(whole, expected);
    if (dispatches) expect(plain).toBe(dispatches);
    const more = [...parts].reduce((n, [m, count]) => n + (m === "head" ? 0 : uses(m) * (count - 1)), 0);
    expect(dispatchesOf(own, inParts)).toBe(plain + more);

    for (const count of counts)
      expect(await promptLogits(own.engine, own.tuning, inParts, tokens(count)), `${count} rows`).toEqual(
        await promptLogits(whole.engine, whole.tuning, expected, tokens(count)),
      );
    const run = { model: id, method: "autoregressive", promptIds: tokens(5), maxNewTokens: 4, seed: 0 };
    const { tokens: text } = await runToEnd(own, run);
    expect(text).toHaveLength(4);
    expect(text).toEqual((await runToEnd(whole, run)).tokens);
  });
});
