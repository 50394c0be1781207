/**
 * `npm run bench:kernels [-- --rows 1,8 --kernel head --rounds 30 --set storage|tile|block|sums|lanes|all]`: the dense kernels by variant.
 * `--set draw --vocab 151936 --dim 256`: the head that draws beside head, law and draw one after another.
 * `--set stats --vocab 151936 --dim 256 --rows 1,128`: the head whose rows go into statistics beside head, statistics and list.
 * Results are checked before anything is timed; variants take turns, so that ratios hold on a busy machine.
 */
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { openGpu } from "../src/engine/device";
import { drawTable, measureDraws } from "./draw_cases";
import { measureStats, statsTable } from "./stats_cases";
import { measure, type Measurement, STORY, type VariantChoice } from "./kernel_cases";

Object.assign(globalThis, globals);

const { values: args } = parseArgs({
  options: {
    rows: { type: "string", default: "1,8,16" },
    kernel: { type: "string", default: "" },
    rounds: { type: "string", default: "15" },
    set: { type: "string", default: "all" },
    variant: { type: "string", default: "" },
    vocab: { type: "string", default: "151936" },
    dim: { type: "string", default: "256" },
  },
});

const choice = (name: string, choices: Record<string, number>): VariantChoice => ({
  name,
  storage: "f32",
  tuning: { choices },
});
const tiles: VariantChoice[] = [1, 2, 4].flatMap((quads) =>
  [1, 2, 4].map((chunk) =>
    choice(`quads ${quads} chunk ${chunk}`, {
      "matvec.quads": quads,
      "matvec1.quads": quads,
      "matvec.chunk": chunk,
      "matvec1.chunk": chunk,
    }),
  ),
);
const blocks: VariantChoice[] = [0, 1].flatMap((block) =>
  [2, 4].map((quads) =>
    choice(`block ${block} quads ${quads}`, {
      "matvec.block": block,
      "matvec.quads": quads,
      "matvec1.quads": quads,
    }),
  ),
);
const sums: VariantChoice[] = [8, 16, 32, 64].map((n) => choice(`sums ${n}`, { "matvec.sums": n }));
const lanes: VariantChoice[] = [16, 64, 128].map((n) => choice(`lanes ${n}`, { "matvec.lanes": n }));
const storages: VariantChoice[] = [
  { name: "f16", storage: "f16", tuning: {} },
  { name: "f16 unpacked", storage: "f16", tuning: { f16: false } },
  { name: "int8", storage: "int8", tuning: {} },
  { name: "int4", storage: "int4", tuning: {} },
  { name: "int8 dot", storage: "int8", tuning: { choices: { "matvec.packed_dot": 1 } } },
];
const plain: VariantChoice[] = [
  // One quad a subgroup, nothing unrolled: what the ratios are taken to.
  choice("plain", {
    "matvec.block": 0,
    "matvec.quads": 1,
    "matvec1.quads": 1,
    "matvec.chunk": 1,
    "matvec1.chunk": 1,
  }),
  { name: "default", storage: "f32", tuning: {} },
];
const sets: Record<string, VariantChoice[]> = {
  storage: storages,
  tile: tiles,
  lanes,
  block: blocks,
  sums,
  all: [...tiles, ...blocks, ...sums, ...lanes, ...storages],
};
/** Sets of their own, which time two ways to the same tokens. */
const pairs = ["draw", "stats"];
const chosen = pairs.includes(args.set) ? [] : sets[args.set];
if (!chosen)
  throw new Error(`--set: expected ${[...Object.keys(sets), ...pairs].join(", ")}, found ${args.set}`);

const instance = create([]);
// Collecting the instance while its devices live crashes some drivers.
Object.assign(globalThis, { instance });
const gpu = await openGpu(instance);
gpu.onUncaptured.add((error) => {
  throw error;
});
if (pairs.includes(args.set)) {
  const [vocabSize, dim, rounds] = [args.vocab, args.dim, args.rounds].map(Number) as [
    number,
    number,
    number,
  ];
  const options = { vocabSize, dim, rounds, storage: args.variant };
  console.log(`${gpu.adapter}; ${vocabSize} by ${dim}, ${rounds} rounds\n`);
  const rowCounts = args.rows.split(",").map(Number);
  console.log(
    args.set === "draw"
      ? drawTable(await measureDraws(gpu, options))
      : statsTable(await measureStats(gpu, { ...options, rowCounts, choices: {} })),
  );
  gpu.destroy();
  process.exit(0);
}
const measurements = await measure(gpu, {
  shape: STORY,
  rowCounts: args.rows.split(",").map(Number),
  variants: [...plain, ...chosen.filter((v) => v.name.includes(args.variant))],
  rounds: Number(args.rounds),
  filter: args.kernel,
});

const median = (m: Measurement): number => m.times[m.times.length >> 1]!;
console.log(
  `${gpu.adapter}; subgroups ${gpu.features.subgroupMin} to ${gpu.features.subgroupMax}; ${args.rounds} rounds\n`,
);
console.log(
  "kernel  rows  variant              min us  median us  spread   GFLOP/s    GB/s  vs plain  ms a forward pass",
);
for (const m of measurements) {
  const base = measurements.find((p) => p.kernel === m.kernel && p.T === m.T && p.variant === "plain")!;
  const [min, mid] = [m.times[0]!, median(m)];
  const spread = m.times[Math.floor(m.times.length * 0.75)]! / m.times[Math.floor(m.times.length * 0.25)]!;
  console.log(
    [
      m.kernel.padEnd(7),
      String(m.T).padStart(4),
      ` ${m.variant.padEnd(18)}`,
      (min * 1e3).toFixed(0).padStart(8),
      (mid * 1e3).toFixed(0).padStart(10),
      spread.toFixed(2).padStart(7),
      (m.flop / min / 1e6).toFixed(2).padStart(9),
      (m.weightBytes / min / 1e6).toFixed(2).padStart(7),
      (base.times[0]! / min).toFixed(2).padStart(9),
      (min * m.calls).toFixed(2).padStart(9),
    ].join(" "),
  );
}
const total = (variant: string, T: number): number =>
  measurements
    .filter((m) => m.variant === variant && m.T === T)
    .reduce((s, m) => s + m.times[0]! * m.calls, 0);
console.log("\nms a forward pass (dense kernels, minima), by variant and rows");
for (const variant of new Set(measurements.map((m) => m.variant))) {
  const counts = [...new Set(measurements.map((m) => m.T))];
  console.log(
    `${variant.padEnd(20)} ${counts.map((T) => `T=${T}: ${total(variant, T).toFixed(2)} (x${(total(variant, T) / total(variant, counts[0]!)).toFixed(2)})`).join("   ")}`,
  );
}
gpu.destroy();
process.exit(0);
