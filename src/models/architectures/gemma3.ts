/**
 * Gemma 3, its text model: norms around each sublayer whose gains are stored less one, norms on query and key heads,
 * scaled embeddings, a GELU gate, and layers with a window of their own rotation between those that see everything.
 * @see Gemma Team 2025, Gemma 3 Technical Report, section 2
 */
import { DecoscopeError } from "../../base/errors";
import { type DecoderConfig, decoderWeights, HUB_NAMES } from "../decoder";
import { type DecoderFields, readDecoder, readWindows, rejectConfig, withWindows } from "../decoder_config";
import type { Architecture, ConfigFiles } from "../model";
import { ropeOf, type RopeSpec } from "../rope";

/** The rotation of layers that see everything, and that of layers with a window, which no scaling concerns. */
function readRopes(fields: DecoderFields, base: DecoderConfig, file: string): readonly RopeSpec[] {
  const parameters = fields.rope_parameters;
  if (parameters && "full_attention" in parameters) {
    const kinds = parameters as Readonly<Record<string, Parameters<typeof ropeOf>[0] | undefined>>;
    return (["full_attention", "sliding_attention"] as const).map((kind) => {
      const own = kinds[kind];
      if (typeof own?.rope_theta !== "number")
        throw new DecoscopeError(
          "load",
          `${file}: expected rope_theta in rope_parameters.${kind}, found none.`,
        );
      return ropeOf(
        own,
        `rope_parameters.${kind}`,
        file,
        own.rope_theta,
        fields.max_position_embeddings ?? null,
      );
    });
  }
  return [base.ropes[0]!, { theta: fields.rope_local_base_freq ?? 10000, scaling: null }];
}

function readConfig(files: ConfigFiles): DecoderConfig {
  const { base, fields, file } = readDecoder("gemma3", files, {
    ropeTheta: 1e6,
    tieEmbeddings: true,
    headDim: 256,
    activation: "gelu",
  });
  for (const key of ["attn_logit_softcapping", "final_logit_softcapping"] as const)
    if (fields[key] != null) rejectConfig(file, `expected ${key} to be null, found ${fields[key]}`);
  if (fields.use_bidirectional_attention)
    rejectConfig(file, "expected use_bidirectional_attention to be false, found true");
  const pattern = fields.sliding_window_pattern ?? 6;
  const windows = readWindows(
    { ...fields, sliding_window: fields.sliding_window ?? 4096 },
    file,
    (l) => (l + 1) % pattern !== 0,
  );
  const attention = fields.attention_bias ?? false;
  return {
    ...base,
    ropes: readRopes(fields, base, file),
    layers: withWindows(base, file, windows).map((layer) => ({
      ...layer,
      rope: layer.window === null ? 0 : 1,
    })),
    attentionScale: 1 / Math.sqrt(fields.query_pre_attn_scalar ?? 256),
    embedScale: Math.sqrt(base.dim),
    gainOffset: 1,
    biases: { qkv: attention, out: attention, mlp: false },
    hasHeadNorms: true,
    hasPostNorms: true,
  };
}

export const gemma3: Architecture<DecoderConfig> = {
  id: "gemma3",
  label: "Gemma 3",
  readConfig,
  weightTable: (config) => decoderWeights(config, { ...HUB_NAMES, mlpNorm: "pre_feedforward_layernorm" }),
};
