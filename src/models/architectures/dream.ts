/**
 * Dream: Qwen2.5 with rows that see everything; row i speaks of position i + 1.
 * @see Ye et al. 2025, Dream 7B: Diffusion Large Language Models
 */
import { type DecoderConfig, decoderWeights } from "../decoder";
import { readDecoder } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";

function readConfig(files: ConfigFiles): DecoderConfig {
  const { base } = readDecoder(
    "dream",
    files,
    { ropeTheta: 10000, tieEmbeddings: false },
    { attention: "bidirectional", logitShift: 1, blockSize: null },
  );
  return {
    ...base,
    biases: { qkv: true, out: false, mlp: false },
  };
}

export const dream: Architecture<DecoderConfig> = {
  id: "dream",
  label: "Dream",
  readConfig,
  weightTable: decoderWeights,
};
