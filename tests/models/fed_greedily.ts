/** Greedy text of a model on the device, its prompt fed in chunks of any size. */
import { DispatchList } from "../../src/engine/dispatch_list";
import { ReadbackRing } from "../../src/engine/readback";
import { ROW_BIT_WORDS, ROW_WORDS } from "../../src/kernels/layouts";
import { matvecHead } from "../../src/kernels/matvec_head";
import { rowsSpan } from "../../src/kernels/rows";
import type { GpuModel } from "../../src/runtime/gpu_model";
import type { EngineHost } from "../../src/worker/host";
import { argmax } from "../reference/llama";

/** The first `count` tokens after the prompt, the most probable each; what is written is fed one by one. */
export async function fedGreedily(
  { engine, tuning }: Pick<EngineHost, "engine" | "tuning">,
  model: GpuModel,
  prompt: readonly number[],
  chunk: number,
  count: number,
): Promise<number[]> {
  const { gpu, memory } = engine;
  const V = model.facts.vocabSize;
  const state = model.createState("fed", prompt.length + count, chunk);
  const buffers = [prompt.length + count, ROW_WORDS * chunk, ROW_BIT_WORDS * chunk, V].map((words, i) =>
    memory.create({ label: `fed.${i}`, bytes: 4 * words, use: "scratch" }),
  );
  const [seq, rows, bits, logits] = buffers as [GPUBuffer, GPUBuffer, GPUBuffer, GPUBuffer];
  const ring = new ReadbackRing(gpu, memory, "fed", 4 * V, 1);
  const text = [...prompt];
  for (let start = 0; text.length < prompt.length + count;) {
    const fed = Math.min(chunk, text.length - start);
    gpu.device.queue.writeBuffer(seq, 0, Uint32Array.from(text));
    const list = new DispatchList(engine, "fed");
    const rec = { list, tuning };
    rowsSpan(rec, { seq, rows, bits, start, count: fed });
    state.recordLayers(rec, { rows, bits, count: fed });
    matvecHead(rec, { ...state.head, logits, T: 1, firstRow: fed - 1 });
    await list.compile();
    const staging = await ring.take();
    const encoder = gpu.device.createCommandEncoder();
    list.encode(encoder);
    encoder.copyBufferToBuffer(logits, 0, staging, 0, 4 * V);
    gpu.device.queue.submit([encoder.finish()]);
    const found = new Float32Array(await ring.read(staging, 4 * V));
    list.dispose();
    start += fed;
    if (start === text.length) text.push(argmax(found));
  }
  ring.dispose();
  state.dispose();
  for (const b of buffers) memory.free(b);
  return text.slice(prompt.length);
}
