/**
 * Qwen2 and Qwen2.5: Llama with biases on queries, keys and values.
 * @see Yang et al. 2024, Qwen2 Technical Report, section 2.2
 */
import { type DecoderConfig, decoderWeights } from "../decoder";
import { readDecoder, withWindows } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";
import { qwenWindows } from "./qwen_windows";

function readConfig(files: ConfigFiles): DecoderConfig {
  const { base, fields, file } = readDecoder("qwen2", files, { ropeTheta: 10000, tieEmbeddings: false });
  return {
    ...base,
    layers: withWindows(base, file, qwenWindows(fields, file)),
    biases: { qkv: true, out: false, mlp: false },
  };
}

export const qwen2: Architecture<DecoderConfig> = {
  id: "qwen2",
  label: "Qwen2",
  readConfig,
  weightTable: decoderWeights,
};
