/** Rotary frequencies as checkpoints describe them: plain, all of them slowed down, or by the bands of Llama 3. */
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
    };

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
  partial_rotary_factor: v.nullish(positive),
});
type RopeFields = v.InferOutput<typeof ropeSchema>;

/** Fields of config.json that {@link readRope} reads: older exports keep theta apart, newer ones have rope_parameters. */
export const ropeFields = {
  rope_theta: v.nullish(positive),
  rope_scaling: v.nullish(ropeSchema),
  rope_parameters: v.nullish(v.union([v.looseObject({ full_attention: ropeSchema }), ropeSchema])),
  partial_rotary_factor: v.nullish(positive),
};

/** @throws DecoscopeError `unsupported` for a kind of rotation that is not known here, `load` for a missing number */
function readScaling(fields: RopeFields, name: string, file: string): RopeScaling | null {
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
  throw new DecoscopeError(
    "unsupported",
    `${file}: expected rotary positions of type "default", "linear" or "llama3", found ${name} of type "${kind}". Choose another model.`,
  );
}

/** The rotation that an object such as rope_scaling describes. */
export function ropeOf(fields: RopeFields, name: string, file: string, theta: number): RopeSpec {
  return { theta: fields.rope_theta ?? theta, scaling: readScaling(fields, name, file) };
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
  if (own) return ropeOf({ ...shared, ...own }, "rope_parameters", file, theta);
  return ropeOf({ ...shared, ...scaling }, "rope_scaling", file, theta);
}

/**
 * Radians a position for each pair of a head, [headDim / 2].
 * @see Su et al. 2021, RoFormer, section 3.2.2; the bands are those of Llama 3.1
 */
export function ropeFrequencies({ theta, scaling }: RopeSpec, headDim: number): Float64Array {
  return Float64Array.from({ length: headDim / 2 }, (_, i) => {
    const plain = theta ** ((-2 * i) / headDim);
    if (!scaling) return plain;
    const slow = plain / scaling.factor;
    if (scaling.kind === "linear") return slow;
    // Turns that the pair makes within the context that was trained first: few are scaled, many are not.
    const turns = (scaling.originalContext * plain) / (2 * Math.PI);
    const share = (turns - scaling.lowFactor) / (scaling.highFactor - scaling.lowFactor);
    const kept = Math.min(1, Math.max(0, share));
    return (1 - kept) * slow + kept * plain;
  });
}
