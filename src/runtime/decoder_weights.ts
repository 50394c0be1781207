/** The weights of a decoder on the device: norm gains folded into the matrices after them, partners made neighbours. */
import { ropeTable } from "../kernels/rope";
import type { WeightMatrix, WeightParts } from "../kernels/weights";
import type { DecoderConfig } from "../models/decoder";
import type { CheckpointTensors } from "../models/model";
import { ropeFrequencies, ropeGain } from "../models/rope";
import { foldGain, fuseGateUp, fuseQkv, matrix, type Matrix, rowsOf } from "./fuse_weights";
import { EXTRA_POSITIONS } from "./gpu_model";
import type { WeightUpload } from "./upload";

type Vector = Float32Array<ArrayBuffer>;

/** Matrices are in parts where one is more than a shader can be given at once. */
export interface LayerWeights {
  readonly qkv: WeightParts;
  /** Biases and norms that the architecture lacks are null. */
  readonly qkvBias: GPUBuffer | null;
  /** f32 [2, A]: of queries, then of keys. */
  readonly headNorms: GPUBuffer | null;
  readonly out: WeightParts;
  readonly outBias: GPUBuffer | null;
  readonly attnPostNorm: GPUBuffer | null;
  readonly gateUp: WeightParts;
  readonly gateUpBias: GPUBuffer | null;
  readonly down: WeightParts;
  readonly downBias: GPUBuffer | null;
  readonly mlpPostNorm: GPUBuffer | null;
}

export interface DecoderWeights {
  readonly layers: readonly LayerWeights[];
  /** [V, D] in parts by rows. */
  readonly embedding: readonly WeightMatrix[];
  readonly head: readonly WeightMatrix[];
  readonly finalGain: GPUBuffer;
  /** Cosines and sines of the configuration's rotations. */
  readonly ropes: readonly GPUBuffer[];
}

/** Folds, fuses and uploads; `upload` keeps account of what it made. */
export async function uploadDecoder(
  upload: WeightUpload,
  tensors: CheckpointTensors,
  config: DecoderConfig,
): Promise<DecoderWeights> {
  const { headDim, biases, hasHeadNorms, hasPostNorms } = config;
  const layers: LayerWeights[] = [];
  /** A norm's gain, whatever the checkpoint stores of it. */
  const gainOf = (name: string): Vector =>
    tensors
      .get(name)
      .toFloat32()
      .map((g) => g + config.gainOffset);
  const layer = async (l: number): Promise<LayerWeights> => {
    const at = `layers.${l}.`;
    const get = (name: string): Matrix => matrix(tensors, at + name);
    /** A bias as a matrix of one column, to be put in order as its matrix is. */
    const column = (name: string): Matrix => {
      const values = tensors.get(at + name).toFloat32();
      return { rows: values.length, cols: 1, values };
    };
    const vector = (has: boolean, name: string, values: () => Vector): GPUBuffer | null =>
      has ? upload.vector(`layer${l}.${name}`, values()) : null;
    const qkv = fuseQkv(get("wq"), get("wk"), get("wv"), headDim);
    const gateUp = fuseGateUp(get("wGate"), get("wUp"));
    return {
      qkv: await upload.matrix(`layer${l}.qkv`, foldGain(qkv, gainOf(`${at}attnNorm`))),
      qkvBias: vector(
        biases.qkv,
        "qkv_bias",
        () => fuseQkv(column("bq"), column("bk"), column("bv"), headDim).values,
      ),
      headNorms: vector(hasHeadNorms, "head_norms", () =>
        Float32Array.from([...gainOf(`${at}qNorm`), ...gainOf(`${at}kNorm`)]),
      ),
      out: await upload.matrix(`layer${l}.out`, get("wo")),
      outBias: vector(biases.out, "out_bias", () => column("bo").values),
      attnPostNorm: vector(hasPostNorms, "attn_post_norm", () => gainOf(`${at}postAttnNorm`)),
      gateUp: await upload.matrix(`layer${l}.gate_up`, foldGain(gateUp, gainOf(`${at}mlpNorm`))),
      gateUpBias: vector(biases.mlp, "gate_up_bias", () => fuseGateUp(column("bGate"), column("bUp")).values),
      down: await upload.matrix(`layer${l}.down`, get("wDown")),
      downBias: vector(biases.mlp, "down_bias", () => column("bDown").values),
      mlpPostNorm: vector(hasPostNorms, "mlp_post_norm", () => gainOf(`${at}postMlpNorm`)),
    };
  };
  for (let l = 0; l < config.nLayers; l++) {
    // One layer is in memory at a time, and of embedding and head some rows.
    await tensors.prepare(`layers.${l}.`);
    layers.push(await upload.checked(() => layer(l)));
  }
  const embedding = await upload.parts("embed", rowsOf(tensors, "embed"), true);
  const head = config.tieEmbeddings ? embedding : await upload.parts("head", rowsOf(tensors, "head"), false);
  await tensors.prepare("finalNorm");
  const vectors = await upload.checked(() => ({
    finalGain: upload.vector("final_gain", gainOf("finalNorm")),
    ropes: config.ropes.map((spec, i) => {
      const positions = config.maxContext + EXTRA_POSITIONS;
      const frequencies = ropeFrequencies(spec, headDim);
      return upload.vector(
        `rope${i}`,
        ropeTable(positions, headDim, spec.theta, frequencies, ropeGain(spec)),
      );
    }),
  }));
  return { layers, embedding, head, ...vectors };
}
