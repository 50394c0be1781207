/**
 * Mixture-of-Recursions: a Llama's first layer, layers in between that are shared by R recursions, and its last layer; before
 * each recursion a router says which tokens run it, and by how much its result counts. This file reads the configuration
 * and says where the weights are.
 * @see Bae et al. 2025, Mixture-of-Recursions (arXiv 2507.10524), section 2: middle-cycle sharing, expert-choice routing
 */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields, whole } from "../config";
import type { Architecture, ConfigFiles, RecurrenceFacts, RouterFacts, WeightTable } from "../model";
import type { DecoderConfig } from "../decoder";
import { rejectConfig } from "../decoder_config";
import { llama } from "./llama";

export interface MixtureOfRecursionsConfig extends Omit<DecoderConfig, "architecture"> {
  readonly architecture: "mixture-of-recursions";
  /** Base of the rotary frequencies: pair i of a head turns by position / ropeTheta^(2i / A). */
  readonly ropeTheta: number;
  /** Prelude and coda are one layer each; `trainedRecurrence` is the number of recursions, R. */
  readonly recurrence: RecurrenceFacts & { readonly router: RouterFacts };
  /** Factor of the gate: x + alpha sigmoid(theta_r . x / temperature) y. */
  readonly alpha: number;
  readonly temperature: number;
}

const positive = v.pipe(v.number(), v.gtValue(0), v.finite());

const schema = v.looseObject({
  num_hidden_layers: whole(3, 1024),
  mor: v.looseObject({
    recursions: whole(1, 32),
    sharing: v.string(),
    shared_layers: whole(1, 1022),
    routing: v.string(),
    router: v.string(),
    gating: v.string(),
    alpha: positive,
    temperature: v.optional(positive, 1),
    capacities: v.array(whole(1, 32)),
    threshold: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    kv: v.picklist(["per-recurrence", "first-recurrence"]),
  }),
});

/** The only forms that the forward pass has. */
const FORMS = {
  sharing: "middle_cycle",
  routing: "expert_choice",
  router: "linear",
  gating: "weighted",
} as const;

function readConfig(files: ConfigFiles): MixtureOfRecursionsConfig {
  const file = `${files.label}/config.json`;
  const { mor, num_hidden_layers: layers } = checkFields(schema, files.config, file);
  for (const [key, expected] of Object.entries(FORMS)) {
    const found = mor[key as keyof typeof FORMS];
    if (found !== expected)
      throw new DecoscopeError(
        "unsupported",
        `${file}: expected mor.${key} to be "${expected}", found "${found}". Choose another model.`,
      );
  }
  const base = llama.readConfig(files);
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${file}: ${what}.`);
  };
  const { recursions, capacities } = mor;
  require(base.masked ===
    null, "expected a model that sees earlier positions only, found one that fills masks");
  const rope = base.ropes[0]!;
  if (rope.scaling) rejectConfig(file, `expected plain rotary positions, found "${rope.scaling.kind}"`);
  if (base.biases.qkv || base.biases.mlp)
    rejectConfig(file, "expected layers without bias, found attention_bias or mlp_bias");
  require(mor.shared_layers ===
    layers -
      2, `expected mor.shared_layers to be num_hidden_layers - 2 (${layers - 2}), found ${mor.shared_layers}`);
  const isShrinking = capacities.every((c, i) => c <= (i === 0 ? recursions : capacities[i - 1]!));
  require(capacities.length === recursions &&
    capacities[0] === recursions &&
    isShrinking, `expected mor.capacities to be ${recursions} shares that begin with ${recursions} and never grow, found [${capacities.join(", ")}]`);
  return {
    ...base,
    ropeTheta: rope.theta,
    architecture: "mixture-of-recursions",
    recurrence: {
      nPrelude: 1,
      nCore: mor.shared_layers,
      nCoda: 1,
      trainedRecurrence: recursions,
      router: { threshold: mor.threshold, capacities, cache: mor.kv },
    },
    alpha: mor.alpha,
    temperature: mor.temperature,
  };
}

/**
 * A Llama's names (see llama.ts): layer 0 is the first, the last one the last, those between are shared. And `router` [R, D]:
 * row r - 1 is the vector theta_r of recursion r.
 */
function weightTable(config: MixtureOfRecursionsConfig): WeightTable {
  const { weights, mayIgnore } = llama.weightTable({ ...config, architecture: "llama" });
  const shape = [config.recurrence.trainedRecurrence, config.dim];
  return { weights: [...weights, { name: "router", source: "model.router.weight", shape }], mayIgnore };
}

export const mixtureOfRecursions: Architecture<MixtureOfRecursionsConfig> = {
  id: "mixture-of-recursions",
  label: "Mixture of recursions",
  readConfig,
  weightTable,
};
