/** Raw logits to the law that is sampled and verified, in place. */
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/process_logits.wgsl?raw";
import { treeWords } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const processLogitsKernel = defineKernel({
  name: "process_logits",
  source,
  reads: ["ctl", "seq", "tree", "allowed"],
  writes: ["logits"],
  params: {
    first_row: "u32",
    vocab_size: "u32",
    temperature: "f32",
    top_k: "u32",
    top_p: "f32",
    min_p: "f32",
    penalty: "f32",
    has_allowed: "u32",
    has_tree: "u32",
    first_node: "u32",
    cap: "u32",
  },
  overrides: REDUCE_OVERRIDES,
});

export interface ProcessLogitsArgs {
  /** f32 [*, vocabSize]: rows [firstRow, firstRow + T) become normalised log-probabilities, excluded tokens MASKED. */
  readonly logits: GPUBuffer;
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** The tree whose node `from + i` row i stands for; its path counts as text for the penalty. */
  readonly tree: { readonly buffer: GPUBuffer; readonly cap: number; readonly from: number } | null;
  /** u32 [ceil(vocabSize / 32)], one bit a token; null allows all. */
  readonly allowed: GPUBuffer | null;
  readonly firstRow: number;
  readonly T: number;
  readonly vocabSize: number;
  /** 0 gives a one-hot law. */
  readonly temperature: number;
  /** 0 keeps all. */
  readonly topK: number;
  /** 1 keeps all. */
  readonly topP: number;
  /** 0 keeps all. */
  readonly minP: number;
  /** 1 is off. */
  readonly repetitionPenalty: number;
}

/** Records penalties, temperature, top-k, top-p, min-p and softmax over T rows; two passes where only temperature is set. */
export function processLogits(rec: Recording, a: ProcessLogitsArgs): void {
  needBytes("process_logits", "logits", a.logits, 4 * (a.firstRow + a.T) * a.vocabSize);
  if (a.allowed) needBytes("process_logits", "allowed", a.allowed, 4 * Math.ceil(a.vocabSize / 32));
  if (a.tree) needBytes("process_logits", "tree", a.tree.buffer, 4 * treeWords(a.tree.cap));
  if (a.temperature < 0 || a.topP <= 0 || a.repetitionPenalty <= 0)
    throw new Error(
      `process_logits: expected temperature >= 0, topP > 0, repetitionPenalty > 0, found ${a.temperature}, ${a.topP}, ${a.repetitionPenalty}`,
    );
  rec.list.add(processLogitsKernel, reduceVariant(rec, 256, "process_logits.lanes"), {
    // Bindings cannot be empty; what is not used stands in as ctl.
    bind: {
      ctl: a.ctl,
      seq: a.seq,
      tree: a.tree?.buffer ?? a.ctl,
      allowed: a.allowed ?? a.ctl,
      logits: a.logits,
    },
    params: {
      first_row: a.firstRow,
      vocab_size: a.vocabSize,
      temperature: a.temperature,
      top_k: a.topK,
      top_p: a.topP,
      min_p: a.minP,
      penalty: a.repetitionPenalty,
      has_allowed: a.allowed ? 1 : 0,
      has_tree: a.tree ? 1 : 0,
      first_node: a.tree?.from ?? 0,
      cap: a.tree?.cap ?? 0,
    },
    grid: [a.T],
  });
}
