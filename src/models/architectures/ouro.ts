/**
 * Ouro (looped language model): the whole stack of a Llama's layers, with a norm before and behind each sublayer, runs
 * again and again, the final norm between loops; a gate says after each loop whether a token has had enough. This file
 * reads the configuration and says where the weights are.
 * @see Zhu et al. 2025, Scaling Latent Reasoning via Looped Language Models (arXiv 2510.25741), section 3
 */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields, whole } from "../config";
import { type DecoderConfig, type DecoderNames, decoderWeights, HUB_NAMES } from "../decoder";
import { readDecoder, readWindows, rejectConfig } from "../decoder_config";
import type { Architecture, ConfigFiles, LoopedFacts, RecurrenceFacts, WeightTable } from "../model";

export interface OuroConfig extends Omit<DecoderConfig, "architecture"> {
  readonly architecture: "ouro";
  /** All layers are the core; `trainedRecurrence` is the number of loops. */
  readonly recurrence: RecurrenceFacts & { readonly looped: LoopedFacts };
}

const schema = v.looseObject({
  total_ut_steps: v.optional(whole(1, 32), 4),
  early_exit_threshold: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  early_exit_step: v.optional(v.unknown(), null),
});

/** The second norm of each pair follows its sublayer. */
const NAMES: DecoderNames = {
  ...HUB_NAMES,
  postAttnNorm: "input_layernorm_2",
  postMlpNorm: "post_attention_layernorm_2",
};

function readConfig(files: ConfigFiles): OuroConfig {
  const file = `${files.label}/config.json`;
  const looped = checkFields(schema, files.config, file);
  const { base, fields } = readDecoder("llama", files, { ropeTheta: 10000, tieEmbeddings: false });
  if (base.masked)
    throw new DecoscopeError(
      "load",
      `${file}: expected a model that sees earlier positions only, found one that fills masks.`,
    );
  const slides = (l: number): boolean =>
    fields.use_sliding_window === true && l >= (fields.max_window_layers ?? 28);
  if (readWindows(fields, file, slides).some((window) => window !== null))
    rejectConfig(file, "expected layers that see everything, found sliding_attention");
  if (fields.attention_bias || fields.mlp_bias)
    rejectConfig(file, "expected layers without bias, found attention_bias or mlp_bias");
  if (looped.early_exit_step !== null)
    rejectConfig(
      file,
      `expected early_exit_step to be null, found ${JSON.stringify(looped.early_exit_step)}`,
    );
  return {
    ...base,
    architecture: "ouro",
    hasPostNorms: true,
    recurrence: {
      nPrelude: 0,
      nCore: base.nLayers,
      nCoda: 0,
      trainedRecurrence: looped.total_ut_steps,
      looped: { exitThreshold: looped.early_exit_threshold ?? 1 },
    },
  };
}

/** Names of decoder.ts, and `exitGate` [1, D], `exitBias` [1]. */
function weightTable(config: OuroConfig): WeightTable {
  const { weights, mayIgnore } = decoderWeights({ ...config, architecture: "llama" }, NAMES);
  const gate = "model.early_exit_gate";
  return {
    weights: [
      ...weights,
      { name: "exitGate", source: `${gate}.weight`, shape: [1, config.dim] },
      { name: "exitBias", source: `${gate}.bias`, shape: [1] },
    ],
    mayIgnore,
  };
}

export const ouro: Architecture<OuroConfig> = {
  id: "ouro",
  label: "Ouro",
  readConfig,
  weightTable,
};
