/**
 * Llama 2 and 3, SmolLM2: RMSNorm before attention and before a SwiGLU feed-forward, rotary positions, grouped queries.
 * @see Touvron et al. 2023, Llama 2: Open Foundation and Fine-Tuned Chat Models, section 2.2
 */
import { type DecoderConfig, decoderWeights } from "../decoder";
import { readDecoder } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";

function readConfig(files: ConfigFiles): DecoderConfig {
  const { base, fields } = readDecoder("llama", files, { ropeTheta: 10000, tieEmbeddings: false });
  const attention = fields.attention_bias ?? false;
  return { ...base, biases: { qkv: attention, out: attention, mlp: fields.mlp_bias ?? false } };
}

export const llama: Architecture<DecoderConfig> = {
  id: "llama",
  label: "Llama",
  readConfig,
  weightTable: decoderWeights,
};
