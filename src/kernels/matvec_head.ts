/** Final norm and output projection: rows of the residual stream become rows of logits. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/matvec_head.wgsl?raw";
import { MATVEC_OVERRIDES, planMatvec } from "./matvec";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { expectParts, type WeightParts } from "./weights";

export const matvecHeadKernel = defineKernel({
  name: "matvec_head",
  source,
  reads: ["x", "gain", "weight", "scales"],
  writes: ["logits"],
  params: {
    row_count: "u32",
    x_row: "u32",
    logits_row: "u32",
    eps: "f32",
    vocab_size: "u32",
    first_token: "u32",
    token_count: "u32",
  },
  overrides: MATVEC_OVERRIDES,
});

export interface MatvecHeadArgs {
  /** f32 [*, dim] */
  readonly x: GPUBuffer | BufferRange;
  /** f32 [dim], of the final norm. */
  readonly gain: GPUBuffer | BufferRange;
  /** [vocabSize, dim], whole or in parts by rows; may be the embedding table. */
  readonly weight: WeightParts;
  /** f32 [*, vocabSize] */
  readonly logits: GPUBuffer | BufferRange;
  /** Rows, 1 to 512. */
  readonly T: number;
  /** First row of x; 0 unless given. */
  readonly firstRow?: number;
  /** First row of logits; 0 unless given. */
  readonly outRow?: number;
  readonly dim: number;
  readonly vocabSize: number;
  readonly eps: number;
}

/** What a model has its logits made of: rows of the residual stream, the final norm and the output projection. */
export type HeadInput = Pick<MatvecHeadArgs, "x" | "gain" | "weight" | "dim" | "vocabSize" | "eps">;

/** logits[outRow + t,:] = W (gain * rmsnorm(x[firstRow + t,:])); one dispatch a part. */
export function matvecHead(rec: Recording, args: MatvecHeadArgs): void {
  const { x, gain, logits, T, firstRow = 0, outRow = 0, dim, vocabSize, eps } = args;
  const parts = expectParts("matvec_head", args.weight, vocabSize, dim);
  needBytes("matvec_head", "x", x, 4 * (firstRow + T) * dim);
  needBytes("matvec_head", "gain", gain, 4 * dim);
  needBytes("matvec_head", "logits", logits, 4 * (outRow + T) * vocabSize);
  for (const { first, part } of parts) {
    const plan = planMatvec(rec, part, T, "gain", { buffer: x, firstRow });
    rec.list.add(matvecHeadKernel, plan.variant, {
      bind: { x, gain, weight: part.data, scales: part.scales ?? part.data, logits },
      params: {
        row_count: T,
        x_row: firstRow,
        logits_row: outRow,
        eps,
        vocab_size: vocabSize,
        first_token: first,
        token_count: part.rows,
      },
      ...plan.where,
    });
  }
}
