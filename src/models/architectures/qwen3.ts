/**
 * Qwen3: no biases unless asked for, a norm on every query and key head, heads that are together wider than the model.
 * @see Yang et al. 2025, Qwen3 Technical Report, section 2
 */
import { type DecoderConfig, decoderWeights } from "../decoder";
import { readDecoder, withWindows } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";
import { qwenWindows } from "./qwen_windows";

function readConfig(files: ConfigFiles): DecoderConfig {
  const { base, fields, file } = readDecoder("qwen3", files, {
    ropeTheta: 10000,
    tieEmbeddings: false,
    headDim: 128,
  });
  const attention = fields.attention_bias ?? false;
  return {
    ...base,
    layers: withWindows(base, file, qwenWindows(fields, file)),
    biases: { qkv: attention, out: attention, mlp: false },
    hasHeadNorms: true,
  };
}

export const qwen3: Architecture<DecoderConfig> = {
  id: "qwen3",
  label: "Qwen3",
  readConfig,
  weightTable: decoderWeights,
};
