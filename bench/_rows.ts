import { create, globals } from "webgpu";
import { openGpu } from "../src/engine/device";
import { DispatchList } from "../src/engine/dispatch_list";
import { Memory } from "../src/engine/memory";
import { Pipelines } from "../src/engine/pipelines";
import { includes } from "../src/kernels/includes";
import { defaultTuning, type Recording } from "../src/kernels/tuning";
import { attention, attentionPartialWords } from "../src/kernels/attention";
import { processLogits } from "../src/kernels/process_logits";
import { sampleCommit } from "../src/kernels/sample_commit";
import { topTokens } from "../src/kernels/top_tokens";
import { rowStats } from "../src/kernels/row_stats";
import { expandTree, candidateWords } from "../src/kernels/expand_tree";
import { verifyTree, scalarWords } from "../src/kernels/verify_tree";
import { treeReset } from "../src/kernels/tree_reset";
import { rowsTree, rowsTail } from "../src/kernels/rows";
import { compactSlots } from "../src/kernels/compact_slots";
import * as L from "../src/kernels/layouts";
Object.assign(globalThis, globals);
const gpu = await openGpu(create([]));
gpu.onUncaptured = (e) => console.log(e.message, e.detail);
const memory = new Memory(gpu);
const engine = { gpu, memory, pipelines: new Pipelines(gpu, includes) };
const only = process.argv[2];
const buf = (a: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>) => { const b = memory.create({ label: "b", bytes: a.byteLength }); gpu.device.queue.writeBuffer(b, 0, a); return b; };
const empty = (w: number) => memory.create({ label: "b", bytes: 4 * w });
async function time(name: string, record: (rec: Recording) => void, choices: Record<string, number> = {}, reps = 60) {
  if (only && !name.includes(only)) return;
  const list = new DispatchList(engine, name);
  record({ list, tuning: { ...defaultTuning(gpu.features), choices } });
  await list.compile();
  const best = { cpu: Infinity, wall: Infinity };
  for (let t = 0; t < 5; t++) {
    const encoder = gpu.device.createCommandEncoder();
    for (let i = 0; i < (t === 0 ? 2 : reps); i++) list.encode(encoder);
    const c = process.cpuUsage(), w = performance.now();
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.device.queue.onSubmittedWorkDone();
    const d = process.cpuUsage(c);
    if (t > 0) { best.cpu = Math.min(best.cpu, (d.user + d.system) / reps); best.wall = Math.min(best.wall, (performance.now() - w) * 1000 / reps); }
  }
  console.log(name.padEnd(50), "dispatches", list.length, " cpu us", best.cpu.toFixed(0).padStart(6), " wall us", best.wall.toFixed(0).padStart(6));
  list.dispose();
}
const rnd = (n: number) => Float32Array.from({ length: n }, () => Math.random() * 6 - 3);
console.log(gpu.adapter, gpu.features.subgroupMin);
// attention: dim 128, H 4, K 2, A 32
const H = 4, K = 2, A = 32, slots = 560;
for (const bound of [100, 400]) for (const T of [1, 16, 128]) {
  const rows = new Uint32Array(8 * T);
  for (let t = 0; t < T; t++) { rows[8 * t + L.Row.BOUND] = bound; rows[8 * t + L.Row.WINDOW] = bound; }
  const args = { rows: buf(rows), bits: buf(new Uint32Array(8 * T)), q: buf(rnd(T * H * A)), cache: buf(rnd(slots * 2 * K * A)), out: empty(T * H * A), T, nHeads: H, nKvHeads: K, headDim: A, slots };
  const reps = Math.ceil(100 / T);
  for (const [v, choices] of Object.entries(JSON.parse(process.env.VARIANTS ?? '{"keys":{"attention.rows":10000},"rows":{"attention.rows":1}}')) as [string, Record<string, number>][])
    await time(`attention ${v} T=${T} S=${bound}`, (rec) => attention(rec, args), choices, reps);
}
const V = 2048;
const ctlw = new Uint32Array(16); ctlw[0] = 200; ctlw[3] = ctlw[5] = 1 << 30; ctlw.fill(L.NONE, 8, 12);
const ctl = buf(ctlw), seq = buf(new Uint32Array(4096));
for (const T of [1, 16]) {
  const laws = buf(Float32Array.from({ length: T * V }, () => Math.random() * 6 - 12));
  const pl = { logits: laws, ctl, seq, tree: null, allowed: null, firstRow: 0, T, vocabSize: V, temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  await time(`process_logits T=${T} temperature`, (rec) => processLogits(rec, pl));
  await time(`process_logits T=${T} greedy`, (rec) => processLogits(rec, { ...pl, logits: buf(rnd(T * V)), temperature: 0 }));
  await time(`process_logits T=${T} top-p .9`, (rec) => processLogits(rec, { ...pl, logits: buf(rnd(T * V)), topP: 0.9 }));
  await time(`process_logits T=${T} top-k 40`, (rec) => processLogits(rec, { ...pl, logits: buf(rnd(T * V)), topK: 40 }));
  await time(`process_logits T=${T} penalty`, (rec) => processLogits(rec, { ...pl, repetitionPenalty: 1.1 }));
  await time(`row_stats T=${T}`, (rec) => rowStats(rec, { laws, firstRow: 0, T, vocabSize: V, out: empty(8 * T) }));
  await time(`top_tokens k=10 T=${T}`, (rec) => topTokens(rec, { laws, firstRow: 0, T, vocabSize: V, k: 10, out: empty(20 * T) }));
}
const one = buf(Float32Array.from({ length: 16 * V }, () => Math.random() * 3 - 8));
await time(`sample_commit`, (rec) => sampleCommit(rec, { laws: one, row: 0, ctl: buf(ctlw), seq: empty(4096), outcome: empty(64), vocabSize: V, greedy: false }));
await time(`rows_tail`, (rec) => rowsTail(rec, { ctl, seq, rows: empty(16), bits: empty(16), count: 2 }));
for (const [kind, sizes] of [["per_node", [2, 2, 2]], ["beam", [4, 4, 4]], ["per_node", [1, 1, 1, 1]]] as const) {
  const starts = [0, 1]; let n = 1; for (const b of sizes) starts.push(starts.at(-1)! + (n = kind === "beam" ? b : n * b));
  const cap = starts.at(-1)!;
  const tree = empty(L.treeWords(cap));
  const c2 = buf(ctlw);
  const exp = (rec: Recording) => { treeReset(rec, { ctl: c2, seq, tree, cap }); sizes.forEach((b, i) => { const from = starts[i]!, next = starts[i + 1]!; const rows = next - from; expandTree(rec, { laws: one, ctl: c2, tree, cap, candidates: empty(candidateWords(rows, b)), from, rows, next, b, kind, vocabSize: V, noisy: true }); }); };
  await time(`expand ${kind} ${sizes}`, exp);
  await time(`rows_tree ${cap}`, (rec) => rowsTree(rec, { ctl: c2, tree, rows: empty(8 * cap), bits: empty(8 * cap), from: 0, count: cap, cap }));
  const q = buf(Float32Array.from({ length: 16 * V }, () => Math.random() * 3 - 8));
  const v = { ctl: c2, seq: empty(4096), tree, cap, vocabSize: V, targetLaws: q, draftLaws: one, scalars: empty(scalarWords(cap)), outcome: empty(L.outcomeWords(cap)) };
  await time(`verify ${kind} ${sizes}`, (rec) => verifyTree(rec, { ...v, rule: "recursive_rejection" }));
  await time(`verify greedy ${kind} ${sizes}`, (rec) => verifyTree(rec, { ...v, rule: "greedy" }));
  await time(`compact`, (rec) => compactSlots(rec, { ctl: c2, outcome: v.outcome, cache: empty(4 * 600 * 128), layers: 4, slots: 600, layerStride: 600 * 128, rowWords: 128, cap }));
}
gpu.destroy();
