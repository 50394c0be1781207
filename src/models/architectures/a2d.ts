/**
 * Autoregressive models that were taught to fill masks (dllm-hub: Qwen3, Qwen2.5, Llama): the same weights and names, with
 * rows that see everything, or whole blocks up to their own where config.json names a block size.
 * @see Zhou et al. 2026, dLLM: Simple Diffusion Language Modeling
 */
import type { DecoderConfig } from "../decoder";
import { decoderWeights } from "../decoder";
import { decoderFields, rejectConfig } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";
import { sightOf } from "../config";
import { llama } from "./llama";
import { qwen2 } from "./qwen2";
import { qwen3 } from "./qwen3";

/** The model that a `model_type` was made from. */
const ORIGINS: Readonly<Record<string, Architecture<DecoderConfig>>> = {
  "a2d-llama": llama,
  "a2d-qwen2": qwen2,
  "a2d-qwen3": qwen3,
};

function readConfig(files: ConfigFiles): DecoderConfig {
  const file = `${files.label}/config.json`;
  const fields = decoderFields(files.config, file);
  const { model_type: type } = fields as { readonly model_type?: unknown };
  const origin =
    ORIGINS[String(type)] ??
    rejectConfig(file, `expected one of ${Object.keys(ORIGINS).join(", ")}, found ${String(type)}`);
  const blockSize = fields.block_size ?? fields.bd_size ?? null;
  const config = origin.readConfig(files);
  const sight = sightOf(config, {
    attention: blockSize === null ? "bidirectional" : "block_causal",
    logitShift: 0,
    blockSize,
  });
  // Layers with a window share the mask of the others.
  const layers = config.layers.map((layer) => ({ ...layer, window: null }));
  return { ...config, ...sight, layers, architecture: "a2d" };
}

export const a2d: Architecture<DecoderConfig> = {
  id: "a2d",
  label: "Masked diffusion from an autoregressive model",
  readConfig,
  weightTable: decoderWeights,
};
