/** Raw logits of a whole prompt: for tests and for comparing with other implementations. */
import { DecoscopeError } from "../base/errors";
import { DispatchList, type Engine } from "../engine/dispatch_list";
import { ReadbackRing } from "../engine/readback";
import { ROW_BIT_WORDS, ROW_WORDS } from "../kernels/layouts";
import { matvecHead } from "../kernels/matvec_head";
import { rowsSpan } from "../kernels/rows";
import type { Tuning } from "../kernels/tuning";
import { canvasRows } from "./canvas_rows";
import type { GpuModel } from "./gpu_model";

/**
 * Logits [T, V] of one forward over `tokens`, row-major: causal, or of rows that all see all tokens if the model fills
 * masks. Rows are raw: with logit shift 1 row i speaks of position i + 1.
 * @throws DecoscopeError "method" for no tokens, too many, or ids outside the vocabulary
 */
export async function promptLogits(
  engine: Engine,
  tuning: Tuning,
  model: GpuModel,
  tokens: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const T = tokens.length;
  const V = model.facts.vocabSize;
  if (T < 1 || T > model.maxContext) {
    throw new DecoscopeError("method", `Expected 1 to ${model.maxContext} tokens, found ${T}.`);
  }
  const wrong = tokens.find((t) => !(t >= 0 && t < V));
  if (wrong !== undefined) {
    throw new DecoscopeError(
      "method",
      `Token ${wrong} is not in the vocabulary, whose ids go from 0 to ${V - 1}.`,
    );
  }
  const { gpu, memory } = engine;
  return memory.checked("a forward pass", async () => {
    const buffer = (name: string, words: number): GPUBuffer =>
      memory.create({ label: `logits.${name}`, bytes: 4 * words, use: "scratch", model: model.facts.id });
    const seq = buffer("seq", T);
    const rows = buffer("rows", ROW_WORDS * T);
    const bits = buffer("bits", ROW_BIT_WORDS * T);
    const logits = buffer("logits", T * V);
    const state = model.createState("logits", T, T);
    gpu.device.queue.writeBuffer(seq, 0, Uint32Array.from(tokens));

    const list = new DispatchList(engine, "logits");
    const rec = { list, tuning };
    if (model.masked) {
      const positions = tokens.map((_, i) => i);
      const text = { tokens, promptLength: 0 };
      gpu.device.queue.writeBuffer(rows, 0, canvasRows(text, positions, model.masked));
    } else rowsSpan(rec, { seq, rows, bits, start: 0, count: T });
    state.recordLayers(rec, { rows, bits, count: T });
    matvecHead(rec, { ...state.head, logits, T });
    await list.compile();

    const ring = new ReadbackRing(gpu, memory, "logits", 4 * T * V, 1);
    const staging = await ring.take();
    const encoder = gpu.device.createCommandEncoder({ label: "logits" });
    list.encode(encoder);
    encoder.copyBufferToBuffer(logits, 0, staging, 0, 4 * T * V);
    gpu.device.queue.submit([encoder.finish()]);
    const values = new Float32Array(await ring.read(staging, 4 * T * V));
    ring.dispose();
    list.dispose();
    state.dispose();
    for (const b of [seq, rows, bits, logits]) memory.free(b);
    return values;
  });
}
