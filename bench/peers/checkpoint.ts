/** The bundled model as plain f32 arrays, for the graphs given to other engines. */
import { floatsFromF16 } from "../../src/models/half";
import { parseSafetensors } from "../../src/models/safetensors";

/** Fields of config.json under our names. */
export interface Shape {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly nLayers: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly maxContext: number;
  readonly normEps: number;
  readonly ropeTheta: number;
}

export interface Checkpoint {
  readonly shape: Shape;
  /** [rows, columns] row-major, or [columns]; by the checkpoint's names. */
  tensor(name: string): Float32Array;
  /** [out, in] of matrices, [length] of vectors. */
  shapeOf(name: string): readonly number[];
}

export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  const config = (await (await fetch(`${folder}/config.json`)).json()) as Record<string, number>;
  const file = new Uint8Array(await (await fetch(`${folder}/model.safetensors`)).arrayBuffer());
  const stored = parseSafetensors(file, "model.safetensors");
  const field = (name: string): number => {
    const value = config[name];
    if (value === undefined) throw new Error(`config.json lacks ${name}`);
    return value;
  };
  const entry = (name: string) => {
    const found = stored.get(name);
    if (!found) throw new Error(`model.safetensors lacks ${name}`);
    return found;
  };
  const tensor = (name: string): Float32Array => {
    const { bytes, dtype } = entry(name);
    const { buffer } = bytes.slice();
    if (dtype === "f32") return new Float32Array(buffer);
    if (dtype === "f16") return floatsFromF16(new Uint16Array(buffer));
    throw new Error(`expected ${name} as f32 or f16, found ${dtype}`);
  };
  return {
    shape: {
      dim: field("hidden_size"),
      hiddenDim: field("intermediate_size"),
      nLayers: field("num_hidden_layers"),
      nHeads: field("num_attention_heads"),
      nKvHeads: field("num_key_value_heads"),
      headDim: field("head_dim"),
      vocabSize: field("vocab_size"),
      maxContext: field("max_position_embeddings"),
      normEps: field("rms_norm_eps"),
      ropeTheta: field("rope_theta"),
    },
    tensor,
    shapeOf: (name) => entry(name).shape,
  };
}

/** Cosines and sines of the rotary angles, each [positions, headDim / 2]. */
export function rotaryTables({ maxContext, headDim, ropeTheta }: Shape): {
  cos: Float32Array;
  sin: Float32Array;
} {
  const half = headDim / 2;
  const cos = new Float32Array(maxContext * half);
  const sin = new Float32Array(maxContext * half);
  for (let position = 0; position < maxContext; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * ropeTheta ** (-i / half);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
