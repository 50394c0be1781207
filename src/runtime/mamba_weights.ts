/** The weights of a Mamba-2 on the device: gains of norms folded into the products after them, rates as numbers to multiply by. */
import type { WeightMatrix, WeightParts } from "../kernels/weights";
import { channelsOf } from "../kernels/ssm";
import type { Mamba2Config } from "../models/architectures/mamba2";
import type { CheckpointTensors } from "../models/model";
import { foldGain, matrix, rowsOf } from "./fuse_weights";
import type { WeightUpload } from "./upload";

export interface MambaLayer {
  /** [2HP + 2GN + H, D]: z, x, B, C and the steps. */
  readonly into: WeightParts;
  readonly intoBias: GPUBuffer | null;
  /** f32 [channels, 4], the newest row's last. */
  readonly taps: GPUBuffer;
  /** f32 [channels + H]: biases of the convolution and of the steps. */
  readonly offsets: GPUBuffer;
  /** f32 [H], negative. */
  readonly rates: GPUBuffer;
  /** f32 [H] */
  readonly skip: GPUBuffer;
  readonly out: WeightParts;
  readonly outBias: GPUBuffer | null;
}

export interface MambaWeights {
  readonly layers: readonly MambaLayer[];
  /** [V, D] in parts by rows. */
  readonly embedding: readonly WeightMatrix[];
  readonly head: readonly WeightMatrix[];
  readonly finalGain: GPUBuffer;
  /** Gains of the norm of a group of heads, which the product after it has; null where one norm spans all heads. */
  readonly ones: GPUBuffer | null;
}

/** Words of a vector that a product adds four at a time. */
const padded = (values: Float32Array): Float32Array<ArrayBuffer> => {
  const quads = new Float32Array(4 * Math.ceil(values.length / 4));
  quads.set(values);
  return quads;
};

export async function uploadMamba(
  upload: WeightUpload,
  tensors: CheckpointTensors,
  c: Mamba2Config,
): Promise<MambaWeights> {
  const channels = channelsOf(c);
  const inner = c.nHeads * c.headDim;
  const layer = async (l: number): Promise<MambaLayer> => {
    const get = (name: string): Float32Array<ArrayBuffer> => tensors.get(`layers.${l}.${name}`).toFloat32();
    const product = (name: string, weight: string, norm: string): Promise<WeightParts> =>
      upload.matrix(`layer${l}.${name}`, foldGain(matrix(tensors, `layers.${l}.${weight}`), get(norm)));
    const vector = (name: string, values: Float32Array<ArrayBuffer>): GPUBuffer =>
      upload.vector(`layer${l}.${name}`, values);
    const bias = (name: string): GPUBuffer | null =>
      c.biases.projections ? vector(name, padded(get(name))) : null;
    const conv = get("conv");
    const taps = new Float32Array(4 * channels);
    for (let i = 0; i < channels; i++)
      taps.set(conv.subarray(i * c.convWidth, (i + 1) * c.convWidth), 4 * (i + 1) - c.convWidth);
    const offsets = new Float32Array(channels + c.nHeads);
    if (c.biases.conv) offsets.set(get("bConv"));
    offsets.set(get("stepBias"), channels);
    return {
      into: await product("in", "wIn", "norm"),
      intoBias: bias("bIn"),
      taps: vector("taps", taps),
      offsets: vector("offsets", offsets),
      rates: vector(
        "rates",
        get("logRate").map((a) => -Math.exp(a)),
      ),
      skip: vector("skip", get("skip")),
      out: await product("out", "wOut", "gatedNorm"),
      outBias: bias("bOut"),
    };
  };
  const layers: MambaLayer[] = [];
  for (let l = 0; l < c.nLayers; l++) {
    // One layer is in memory at a time, and of embedding and head some rows.
    await tensors.prepare(`layers.${l}.`);
    layers.push(await upload.checked(() => layer(l)));
  }
  const embedding = await upload.parts("embed", rowsOf(tensors, "embed"), true);
  const head = c.tieEmbeddings ? embedding : await upload.parts("head", rowsOf(tensors, "head"), false);
  await tensors.prepare("finalNorm");
  return upload.checked(() => ({
    layers,
    embedding,
    head,
    finalGain: upload.vector("final_gain", tensors.get("finalNorm").toFloat32()),
    ones: c.nGroups > 1 ? upload.vector("ones", new Float32Array(inner / c.nGroups).fill(1)) : null,
  }));
}
