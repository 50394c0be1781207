/**
 * Fast-dLLM v2: Qwen2.5 in which rows see whole blocks up to their own; row i speaks of position i + 1.
 * @see Wu et al. 2025, Fast-dLLM v2: Efficient Block-Diffusion LLM
 */
import { type DecoderConfig, decoderWeights } from "../decoder";
import { decoderFields, readDecoder } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";

function readConfig(files: ConfigFiles): DecoderConfig {
  const { bd_size: blockSize } = decoderFields(files.config, `${files.label}/config.json`);
  const { base } = readDecoder(
    "fast-dllm",
    files,
    { ropeTheta: 10000, tieEmbeddings: false },
    { attention: "block_causal", logitShift: 1, blockSize: blockSize ?? 32 },
  );
  return {
    ...base,
    biases: { qkv: true, out: false, mlp: false },
  };
}

export const fastDllm: Architecture<DecoderConfig> = {
  id: "fast-dllm",
  label: "Fast-dLLM v2",
  readConfig,
  weightTable: decoderWeights,
};
