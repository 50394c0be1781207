/**
 * What the session needs of a model on the GPU, whatever its architecture: a state for one text, and the recording of
 * its forward pass. One file per architecture implements it.
 */
import { DecoscopeError } from "../base/errors";
import type { CompactSlotsArgs } from "../kernels/compact_slots";
import type { HeadInput } from "../kernels/matvec_head";
import type { Recording } from "../kernels/tuning";
import type { MaskedFacts, ModelFacts, RecurrenceFacts } from "../models/model";

/** Positions beyond the context that tree nodes near its end may have. */
export const EXTRA_POSITIONS = 256;

/** Row descriptors of one forward pass, as in kernels/layouts.ts. */
export interface RowBuffers {
  /** u32 [count, ROW_WORDS] */
  readonly rows: GPUBuffer;
  /** u32 [count, ROW_BIT_WORDS] */
  readonly bits: GPUBuffer;
  readonly count: number;
  /** Set if the rows are the last committed tokens and still to be filled, which the embedding can do on its way. */
  readonly tail?: { readonly ctl: GPUBuffer; readonly seq: GPUBuffer };
}

/** The head of a model over activations `x` [rows,dim]. */
export function headOf(
  x: GPUBuffer,
  {
    config: { dim, vocabSize, rmsNormEps: eps },
    weights: { finalGain: gain, head: weight },
  }: {
    readonly config: { readonly dim: number; readonly vocabSize: number; readonly rmsNormEps: number };
    readonly weights: { readonly finalGain: HeadInput["gain"]; readonly head: HeadInput["weight"] };
  },
): HeadInput {
  return { x, gain, weight, dim, vocabSize, eps };
}

/** The memory of one text: cache slots and activations. */
export interface ModelState {
  readonly slots: number;
  /** Records all layers over the rows: writes keys and values to the rows' slots, leaves the residual stream in scratch. */
  recordLayers(rec: Recording, rows: RowBuffers): void;
  /** The head over the rows of the last recordLayers: for matvecHead and matvecDraw. */
  readonly head: HeadInput;
  /** Records the moves that make the accepted path of a round contiguous. */
  recordCompaction(
    rec: Recording,
    verified: Pick<CompactSlotsArgs, "ctl" | "outcome" | "cap" | "path">,
  ): void;
  dispose(): void;
}

export interface GpuModel {
  readonly facts: ModelFacts;
  readonly maxContext: number;
  /** How it fills masked positions; null for causal models. */
  readonly masked: MaskedFacts | null;
  /** What its core is repeated in; null for models of fixed depth. */
  readonly recurrence: RecurrenceFacts | null;
  /**
   * Set if a text is kept as a state into which all its tokens went and not in slots: it can go on or begin anew, but no token can
   * be taken back, so neither trees nor beginnings shared by texts are possible.
   */
  readonly keepsState?: true;
  /** Layers that a row goes through; a core that runs again and again counts each time. */
  readonly layerCount: number;
  /** Bytes of the weights on the device. */
  readonly weightBytes: number;
  /** Of these, bytes of which a token reads one row: an embedding that is not the head too. 0 unless given. */
  readonly lookedUpBytes?: number;
  /**
   * @param seed of the noise that latents of a recurrent model begin with; 0 unless given
   * @throws DecoscopeError "limit" if the device cannot hold it
   */
  createState(label: string, slots: number, maxRows: number, seed?: number): ModelState;
  dispose(): void;
}

/** The token that a model fills. @throws DecoscopeError "method" if neither its configuration nor its tokenizer names one */
export function maskTokenOf({ facts, masked }: Pick<GpuModel, "facts" | "masked">): number {
  if (masked && masked.maskToken !== null) return masked.maskToken;
  throw new DecoscopeError(
    "method",
    `${facts.id} fills masks, but nothing says which token is one: expected mask_token_id in config.json or mask_token in ` +
      "tokenizer_config.json, found neither. Choose another model.",
  );
}
