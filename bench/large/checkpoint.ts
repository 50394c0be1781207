/** Checkpoints of Qwen3's shapes with random weights, written to a folder piece by piece: the same bytes every time. */
import { mkdir, open, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { qwen3 } from "../../src/models/architectures/qwen3";
import { tinyTokenizer } from "../../tests/helpers/tiny_tokenizer";

/** As Qwen/Qwen3-0.6B's config.json has them. */
const QWEN3_600M = {
  model_type: "qwen3",
  architectures: ["Qwen3ForCausalLM"],
  hidden_size: 1024,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3072,
  vocab_size: 151936,
  max_position_embeddings: 40960,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  hidden_act: "silu",
  attention_bias: false,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
};

/**
 * What can be measured: a whole model, and the widths and vocabulary of Qwen/Qwen3-4B (a matrix of 151,936 x 2,560 that is
 * embedding and head) with two of its 36 layers.
 */
export const SHAPES: Readonly<Record<string, object>> = {
  "qwen3-0.6b": QWEN3_600M,
  "qwen3-4b-two-layers": {
    ...QWEN3_600M,
    hidden_size: 2560,
    num_hidden_layers: 2,
    num_attention_heads: 32,
    intermediate_size: 9728,
  },
};

const BATCH = 1 << 22;

/** bf16 numbers near zero, uniform, of about the given size: a sign, an exponent of one of two neighbours, random bits. */
function* randomBf16(count: number, size: number, seed: number): Generator<Uint16Array<ArrayBuffer>> {
  let state = (Math.imul(seed + 1, 2654435761) | 1) >>> 0;
  const exponent = (127 + Math.round(Math.log2(size))) << 7;
  for (let done = 0; done < count; done += BATCH) {
    const bits = new Uint16Array(Math.min(BATCH, count - done));
    for (let i = 0; i < bits.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bits[i] = (state & 0x8000) | (exponent + (state & 0x7f) - ((state >>> 16) & 0x80));
    }
    yield bits;
  }
}

/** bf16 of 1. */
const ONE = 0x3f80;

/** Writes what is not there yet. @returns bytes of the weights */
export async function writeCheckpoint(folder: string, config: object): Promise<number> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
  const path = join(folder, "model.safetensors");
  const known = await stat(path).catch(() => null);
  if (known) return known.size;
  const files = { config, generation: undefined, label: "large" };
  const { weights } = qwen3.weightTable(qwen3.readConfig(files));
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const { source, shape } of weights) {
    const begin = end;
    end += 2 * shape.reduce((a, b) => a * b, 1);
    header[source] = { dtype: "BF16", shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  const part = `${path}.part`;
  const file = await open(part, "w");
  await file.write(length);
  await file.write(json);
  for (const [i, { shape }] of weights.entries()) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (shape.length === 1) await file.write(new Uint16Array(count).fill(ONE));
    else for (const bits of randomBf16(count, 1 / Math.sqrt(shape[1]!), i)) await file.write(bits);
  }
  await file.close();
  await rename(part, path);
  return 8 + json.length + end;
}
