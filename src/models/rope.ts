/** Rotary frequencies as checkpoints describe them: plain, all of them slowed down, by the bands of Llama 3, or by YaRN. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";

/** How frequencies differ from theta^(-2i / A); null where they do not. */
export type RopeScaling =
  | { readonly kind: "linear"; readonly factor: number }
  | {
      readonly kind: "llama3";
      readonly factor: number;
      /** Wavelengths above originalContext / lowFactor are slowed down, those below originalContext / highFactor are not. */
      readonly lowFactor: number;
      readonly highFactor: number;
      /** Positions that were trained before frequencies were scaled. */
      readonly originalContext: number;
    }
  | {
      readonly kind: "yarn";
      readonly factor: number;
      /** Pairs that make more turns than `fast` within `originalContext` are not slowed down, those with fewer than `slow` are. */
      readonly fast: number;
      readonly slow: number;
      readonly originalContext: number;
      /** Where the ramp between them begins and ends is rounded to whole pairs, outwards. */
      readonly isRounded: boolean;
      /** Factor of turned queries and of turned keys. */
      readonly attentionFactor: number;
    }
  /** Frequencies are changed as a text outgrows the trained positions; here texts end with these, so they stay plain. */
  | { readonly kind: "dynamic"; readonly trainedContext: number };

export interface RopeSpec {
  /** Base: pair i of a head turns by position / theta^(2i / A), before scaling. */
  readonly theta: number;
  readonly scaling: RopeScaling | null;
}

const positive = v.pipe(v.number(), v.gtValue(0), v.finite());

const ropeSchema = v.looseObject({
  rope_theta: v.nullish(positive),
  rope_type: v.nullish(v.string()),
  type: v.nullish(v.string()),
  factor: v.nullish(positive),
  low_freq_factor: v.nullish(positive),
  high_freq_factor: v.nullish(positive),
  original_max_position_embeddings: v.nullish(positive),
  beta_fast: v.nullish(positive),
  beta_slow: v.nullish(positive),
  attention_factor: v.nullish(positive),
  mscale: v.nullish(v.number()),
  mscale_all_dim: v.nullish(v.number()),
  truncate: v.nullish(v.boolean()),
  partial_rotary_factor: v.nullish(positive),
});
type RopeFields = v.InferOutput<typeof ropeSchema>;

/** Fields of config.json that {@link readRope} reads: older exports keep theta apart, newer ones have rope_parameters. */
export const ropeFields = {
  max_position_embeddings: v.nullish(positive),
  rope_theta: v.nullish(positive),
  rope_scaling: v.nullish(ropeSchema),
  rope_parameters: v.nullish(v.union([v.looseObject({ full_attention: ropeSchema }), ropeSchema])),
  partial_rotary_factor: v.nullish(positive),
};

/** How much sharper attention is made where distances are squeezed by `factor`. @see Peng et al. 2023, YaRN, equation 22 */
const sharpness = (factor: number, share: number): number =>
  factor <= 1 ? 1 : 0.1 * share * Math.log(factor) + 1;

/** @param context of config.json: what was trained where nothing else is said */
function readYarn(fields: RopeFields, name: string, file: string, context: number | null): RopeScaling {
  const { mscale, mscale_all_dim: ofAll } = fields;
  const originalContext = fields.original_max_position_embeddings ?? context;
  const factor = fields.factor ?? (context && originalContext ? context / originalContext : null);
  if (originalContext === null || factor === null)
    throw new DecoscopeError(
      "load",
      `${file}: expected factor and original_max_position_embeddings in ${name} of type "yarn", found ` +
        `${fields.factor ?? "none"} and ${fields.original_max_position_embeddings ?? "none"}.`,
    );
  const sharpened =
    mscale && ofAll ? sharpness(factor, mscale) / sharpness(factor, ofAll) : sharpness(factor, 1);
  return {
    kind: "yarn",
    factor,
    fast: fields.beta_fast ?? 32,
    slow: fields.beta_slow ?? 1,
    originalContext,
    isRounded: fields.truncate ?? true,
    attentionFactor: fields.attention_factor ?? sharpened,
  };
}

/** @throws DecoscopeError `unsupported` for a kind of rotation that is not known here, `load` for a missing number */
function readScaling(
  fields: RopeFields,
  name: string,
  file: string,
  context: number | null,
): RopeScaling | null {
  const kind = fields.rope_type ?? fields.type ?? "default";
  const need = (key: keyof RopeFields & string): number => {
    const value = fields[key];
    if (typeof value === "number") return value;
    throw new DecoscopeError("load", `${file}: expected ${key} in ${name} of type "${kind}", found none.`);
  };
  if ((fields.partial_rotary_factor ?? 1) !== 1)
    throw new DecoscopeError(
      "unsupported",
      `${file}: expected rotary positions over whole heads, found partial_rotary_factor ${fields.partial_rotary_factor}. Choose another model.`,
    );
  if (kind === "default") return null;
  if (kind === "linear") return { kind, factor: need("factor") };
  if (kind === "llama3")
    return {
      kind,
      factor: need("factor"),
      lowFactor: need("low_freq_factor"),
      highFactor: need("high_freq_factor"),
      originalContext: need("original_max_position_embeddings"),
    };
  if (kind === "yarn") return readYarn(fields, name, file, context);
  if (kind === "dynamic") {
    const trainedContext = fields.original_max_position_embeddings ?? context;
    return trainedContext === null ? null : { kind, trainedContext };
  }
  throw new DecoscopeError(
    "unsupported",
    `${file}: expected rotary positions of type "default", "linear", "dynamic", "llama3" or "yarn", found ${name} of type "${kind}". Choose another model.`,
  );
}

/** The rotation that an object such as rope_scaling describes. */
export function ropeOf(
  fields: RopeFields,
  name: string,
  file: string,
  theta: number,
  context: number | null,
): RopeSpec {
  return { theta: fields.rope_theta ?? theta, scaling: readScaling(fields, name, file, context) };
}

type AllFields = { readonly [K in keyof typeof ropeFields]?: v.InferOutput<(typeof ropeFields)[K]> };

/**
 * The rotation of a model that has one for all its layers.
 * @throws DecoscopeError as {@link readScaling} does
 */
export function readRope(fields: AllFields, file: string, defaultTheta: number): RopeSpec {
  const theta = fields.rope_theta ?? defaultTheta;
  const { rope_parameters: parameters, rope_scaling: scaling } = fields;
  const partial = fields.partial_rotary_factor ?? null;
  const own = parameters && !("full_attention" in parameters) ? parameters : null;
  const shared = partial === null ? {} : { partial_rotary_factor: partial };
  const context = fields.max_position_embeddings ?? null;
  if (own) return ropeOf({ ...shared, ...own }, "rope_parameters", file, theta, context);
  return ropeOf({ ...shared, ...scaling }, "rope_scaling", file, theta, context);
}

/** Pair of a head that makes so many turns within the context, as a real number. */
const pairOf = (turns: number, context: number, theta: number, headDim: number): number =>
  (headDim * Math.log(context / (2 * Math.PI * turns))) / (2 * Math.log(theta));

/** Share of each pair's own frequency, by YaRN: 1 for those that turn fast, 0 for those that turn slowly. */
function yarnShares(s: Extract<RopeScaling, { kind: "yarn" }>, theta: number, headDim: number) {
  const [first, last] = [s.fast, s.slow].map((turns) => pairOf(turns, s.originalContext, theta, headDim)) as [
    number,
    number,
  ];
  const begin = Math.max(0, s.isRounded ? Math.floor(first) : first);
  const end = Math.min(headDim - 1, s.isRounded ? Math.ceil(last) : last);
  const width = end === begin ? 0.001 : end - begin;
  return (i: number): number => 1 - Math.min(1, Math.max(0, (i - begin) / width));
}

/**
 * Radians a position for each pair of a head, [headDim / 2].
 * @see Su et al. 2021, RoFormer, section 3.2.2; the bands are those of Llama 3.1; Peng et al. 2023, YaRN, section 3.2
 */
export function ropeFrequencies({ theta, scaling }: RopeSpec, headDim: number): Float64Array {
  const yarn = scaling?.kind === "yarn" ? yarnShares(scaling, theta, headDim) : null;
  return Float64Array.from({ length: headDim / 2 }, (_, i) => {
    const plain = theta ** ((-2 * i) / headDim);
    if (!scaling || scaling.kind === "dynamic") return plain;
    const slow = plain / scaling.factor;
    if (scaling.kind === "linear") return slow;
    if (scaling.kind === "yarn") {
      const own = yarn!(i);
      return (1 - own) * slow + own * plain;
    }
    // Turns that the pair makes within the context that was trained first: few are scaled, many are not.
    const turns = (scaling.originalContext * plain) / (2 * Math.PI);
    const share = (turns - scaling.lowFactor) / (scaling.highFactor - scaling.lowFactor);
    const kept = Math.min(1, Math.max(0, share));
    return (1 - kept) * slow + kept * plain;
  });
}

/** Factor of turned queries and of turned keys. */
export const ropeGain = ({ scaling }: RopeSpec): number =>
  scaling?.kind === "yarn" ? scaling.attentionFactor : 1;
