/**
 * SmolLM3: Llama in which every few layers do not turn queries and keys.
 * @see Yang et al. 2025, RoPE to NoPE and Back Again: A New Hybrid Attention Strategy
 */
import { DecoscopeError } from "../../base/errors";
import { type DecoderConfig, decoderWeights } from "../decoder";
import { readDecoder, readWindows, withWindows } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";

function readConfig(files: ConfigFiles): DecoderConfig {
  const { base, fields, file } = readDecoder("smollm3", files, { ropeTheta: 2e6, tieEmbeddings: true });
  const { no_rope_layers: listed, no_rope_layer_interval: interval } = fields;
  if (listed && listed.length < base.nLayers)
    throw new DecoscopeError(
      "load",
      `${file}: expected no_rope_layers of ${base.nLayers} layers, found ${listed.length}.`,
    );
  // The list names the layers that turn with 1, despite its name.
  const turns = (l: number): boolean => (listed ? listed[l] !== 0 : (l + 1) % (interval ?? 4) !== 0);
  const windows = readWindows(
    fields,
    file,
    (l) => fields.use_sliding_window === true && fields.sliding_window != null && !turns(l),
  );
  const attention = fields.attention_bias ?? false;
  return {
    ...base,
    layers: withWindows(base, file, windows).map((layer, l) => ({ ...layer, rope: turns(l) ? 0 : null })),
    biases: { qkv: attention, out: attention, mlp: fields.mlp_bias ?? false },
  };
}

export const smollm3: Architecture<DecoderConfig> = {
  id: "smollm3",
  label: "SmolLM3",
  readConfig,
  weightTable: decoderWeights,
};
