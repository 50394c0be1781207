/** Reading JSON that came with a model: parsed safely, checked field by field, complaints that name file and field. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import type { MaskedFacts, ModelConfig, ModelKind } from "./model";

/** Texts, and the word that Python writes for a number without end and JSON does not know. */
const TEXT_OR_INFINITY = /"(?:[^"\\]|\\.)*"|\bInfinity\b/g;

/** @throws DecoscopeError `load` if the bytes are not JSON in UTF-8. */
export function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    try {
      return JSON.parse(text);
    } catch (thrown) {
      if (!text.includes("Infinity")) throw thrown;
      return JSON.parse(text.replace(TEXT_OR_INFINITY, (found) => (found === "Infinity" ? "1e999" : found)));
    }
  } catch (thrown) {
    throw new DecoscopeError(
      "load",
      `${file}: expected JSON, found something else (${String(thrown).slice(0, 200)}). Download the model again.`,
    );
  }
}

/**
 * The value as the schema types it.
 * @throws DecoscopeError `load` that names every field that is missing or wrong, with what was expected and found.
 */
export function checkFields<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  file: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const lines = result.issues.map((issue) => {
    const field = v.getDotPath(issue) ?? "the whole file";
    return `${field}: expected ${issue.expected ?? issue.type}, found ${issue.received}`;
  });
  throw new DecoscopeError(
    "load",
    `${file} does not describe a model that can be loaded: ${lines.slice(0, 6).join("; ")}.`,
    lines.join("\n"),
  );
}

/** A whole number from min to max. The upper bounds keep a mad file from asking for endless work. */
export const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

const tokenId = whole(0, 2 ** 24);

/** Fields that every architecture's config.json shares. */
const sharedSchema = v.looseObject({
  vocab_size: whole(1, 2 ** 24),
  max_position_embeddings: whole(1, 2 ** 24),
  bos_token_id: v.nullish(v.union([tokenId, v.pipe(v.array(tokenId), v.minLength(1))])),
  eos_token_id: v.nullish(v.union([tokenId, v.array(tokenId)])),
  mask_token_id: v.nullish(tokenId),
  // Not hub fields of a Llama block: exports of this project say with them what its rows were trained to see, and which
  // row speaks of a position.
  is_causal: v.nullish(v.boolean()),
  attention: v.nullish(v.picklist(["causal", "bidirectional", "prompt_isolated"])),
  logit_shift: v.optional(v.picklist([0, 1]), 0),
  quantization_config: v.optional(v.unknown()),
});

const generationSchema = v.looseObject({
  bos_token_id: v.nullish(v.union([tokenId, v.array(tokenId)])),
  eos_token_id: v.nullish(v.union([tokenId, v.array(tokenId)])),
});

const asList = (ids: number | readonly number[] | null | undefined): readonly number[] =>
  ids === null || ids === undefined ? [] : typeof ids === "number" ? [ids] : ids;

type SharedFields = v.InferOutput<typeof sharedSchema>;

/** What the rows of an architecture were trained to see, where its config.json has no words for it. */
export type TrainedSight = Omit<MaskedFacts, "maskToken">;

/** The fields of a configuration that say so. */
export const sightOf = (
  { maskToken }: Pick<ModelConfig, "maskToken">,
  trained: TrainedSight,
): Pick<ModelConfig, "kind" | "masked"> => ({ kind: "masked", masked: { ...trained, maskToken } });

/** What a masked model says of itself; null for causal ones. @throws DecoscopeError `load` for fields that contradict */
function readMasked(fields: SharedFields, label: string): MaskedFacts | null {
  const attention = fields.attention ?? (fields.is_causal === false ? "bidirectional" : "causal");
  const require = (holds: boolean, what: string): void => {
    if (!holds) throw new DecoscopeError("load", `${label}/config.json: ${what}.`);
  };
  const isCausal = attention === "causal";
  require((fields.is_causal ?? isCausal) ===
    isCausal, `expected is_causal to be ${isCausal} where attention is "${attention}", found ${fields.is_causal}`);
  if (isCausal) return null;
  const maskToken = fields.mask_token_id ?? null;
  if (maskToken === null)
    throw new DecoscopeError(
      "load",
      `${label}/config.json: expected mask_token_id of a model that sees both sides, found none.`,
    );
  return { maskToken, attention, blockSize: null, logitShift: fields.logit_shift };
}

/**
 * The {@link ModelConfig} fields from config.json and generation_config.json. Ids that end the text are collected from
 * both, because checkpoints are published with either of them out of date.
 * @param trained what rows see, of architectures that say so by their name
 * @throws DecoscopeError `load` for bad fields, `unsupported` for quantized checkpoints
 */
export function readSharedConfig(
  config: unknown,
  generation: unknown,
  label: string,
  trained?: TrainedSight,
) {
  const shared = checkFields(sharedSchema, config, `${label}/config.json`);
  if (shared.quantization_config !== undefined && shared.quantization_config !== null)
    throw new DecoscopeError(
      "unsupported",
      `${label}/config.json: the checkpoint is quantized (quantization_config); expected f32, f16 or bf16 weights. ` +
        "Choose the checkpoint it was made from.",
    );
  const extra =
    generation === undefined
      ? {}
      : checkFields(generationSchema, generation, `${label}/generation_config.json`);
  const endTokens = [...new Set([...asList(extra.eos_token_id), ...asList(shared.eos_token_id)])];
  const bosToken = asList(shared.bos_token_id)[0] ?? asList(extra.bos_token_id)[0] ?? null;
  const maskToken = shared.mask_token_id ?? null;
  const outside = [...endTokens, bosToken, maskToken].filter((id) => id !== null && id >= shared.vocab_size);
  if (outside.length > 0)
    throw new DecoscopeError(
      "load",
      `${label}/config.json: expected special token ids below vocab_size ${shared.vocab_size}, found ${outside.join(", ")}.`,
    );
  const masked = trained ? { ...trained, maskToken } : readMasked(shared, label);
  const kind: ModelKind = masked ? "masked" : "causal";
  return {
    kind,
    masked,
    vocabSize: shared.vocab_size,
    maxContext: shared.max_position_embeddings,
    bosToken,
    endTokens,
    maskToken,
  } as const;
}
