/**
 * Mixture-of-Recursions: a Llama's first layer, layers in between that are shared by R recursions, and its last layer. A
 * router says before each recursion which tokens run it (expert choice), or once how deep each token goes (token choice),
 * and by how much results count. This file reads the configuration and says where the weights are.
 * @see Bae et al. 2025, Mixture-of-Recursions (arXiv 2507.10524), section 2: middle-cycle sharing, both ways of routing
 */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields, whole } from "../config";
import type {
  Architecture,
  ConfigFiles,
  ExpertChoice,
  RecurrenceFacts,
  RouterFacts,
  WeightTable,
} from "../model";
import type { DecoderConfig } from "../decoder";
import { rejectConfig } from "../decoder_config";
import { llama } from "./llama";

export interface MixtureOfRecursionsConfig extends Omit<DecoderConfig, "architecture"> {
  readonly architecture: "mixture-of-recursions";
  /** Base of the rotary frequencies: pair i of a head turns by position / ropeTheta^(2i / A). */
  readonly ropeTheta: number;
  /** Prelude and coda are one layer each; `trainedRecurrence` is the number of recursions, R. */
  readonly recurrence: RecurrenceFacts & { readonly router: RouterFacts };
  /** Factor of the gate: x + alpha sigmoid(theta_r . x / temperature) y, or b + alpha softmax(W b / temperature)_d y in the last. */
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
    kv: v.picklist(["per-recurrence", "first-recurrence"]),
  }),
});

/** What only recursions that choose their tokens have. */
const expertSchema = v.looseObject({
  mor: v.looseObject({
    capacities: v.array(whole(1, 32)),
    threshold: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
});

/** The only forms that the forward pass has. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  sharing: ["middle_cycle"],
  routing: ["expert_choice", "token_choice"],
  router: ["linear"],
  gating: ["weighted"],
};

function readConfig(files: ConfigFiles): MixtureOfRecursionsConfig {
  const file = `${files.label}/config.json`;
  const { mor, num_hidden_layers: layers } = checkFields(schema, files.config, file);
  for (const [key, expected] of Object.entries(FORMS)) {
    const found = mor[key] as string;
    if (!expected.includes(found))
      throw new DecoscopeError(
        "unsupported",
        `${file}: expected mor.${key} to be "${expected.join('" or "')}", found "${found}". Choose another model.`,
      );
  }
  const base = llama.readConfig(files);
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${file}: ${what}.`);
  };
  require(base.masked ===
    null, "expected a model that sees earlier positions only, found one that fills masks");
  const rope = base.ropes[0]!;
  if (rope.scaling) rejectConfig(file, `expected plain rotary positions, found "${rope.scaling.kind}"`);
  if (base.biases.qkv || base.biases.mlp)
    rejectConfig(file, "expected layers without bias, found attention_bias or mlp_bias");
  require(mor.shared_layers ===
    layers -
      2, `expected mor.shared_layers to be num_hidden_layers - 2 (${layers - 2}), found ${mor.shared_layers}`);
  return {
    ...base,
    ropeTheta: rope.theta,
    architecture: "mixture-of-recursions",
    recurrence: {
      nPrelude: 1,
      nCore: mor.shared_layers,
      nCoda: 1,
      trainedRecurrence: mor.recursions,
      router:
        mor.routing === "token_choice"
          ? { choice: "token", cache: mor.kv }
          : { choice: "expert", cache: mor.kv, ...expertChoice(files.config, file, mor.recursions) },
    },
    alpha: mor.alpha,
    temperature: mor.temperature,
  };
}

function expertChoice(
  config: unknown,
  file: string,
  recursions: number,
): Pick<ExpertChoice, "threshold" | "capacities"> {
  const { threshold, capacities } = checkFields(expertSchema, config, file).mor;
  const isShrinking = capacities.every((c, i) => c <= (i === 0 ? recursions : capacities[i - 1]!));
  if (capacities.length !== recursions || capacities[0] !== recursions || !isShrinking)
    throw new DecoscopeError(
      "load",
      `${file}: expected mor.capacities to be ${recursions} shares that begin with ${recursions} and never grow, found [${capacities.join(", ")}].`,
    );
  return { threshold, capacities };
}

/**
 * A Llama's names (see llama.ts): layer 0 is the first, the last one the last, those between are shared. And `router` [R, D]:
 * row r - 1 is the vector theta_r of recursion r, or that of depth r. And, where tokens choose, `balance` [R], which is added
 * to their probabilities only where they choose.
 */
function weightTable(config: MixtureOfRecursionsConfig): WeightTable {
  const { weights, mayIgnore } = llama.weightTable({ ...config, architecture: "llama" });
  const { router, trainedRecurrence: R } = config.recurrence;
  const routers = [{ name: "router", source: "model.router.weight", shape: [R, config.dim] }];
  if (router.choice === "token")
    routers.push({ name: "balance", source: "model.router.balance", shape: [R] });
  return { weights: [...weights, ...routers], mayIgnore };
}

export const mixtureOfRecursions: Architecture<MixtureOfRecursionsConfig> = {
  id: "mixture-of-recursions",
  label: "Mixture of recursions",
  readConfig,
  weightTable,
};
