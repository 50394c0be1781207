/** The fields of tokenizer.json and tokenizer_config.json that are read here; the rest is the tokenizer library's. */
import * as v from "valibot";
import { whole } from "../config";

/** A special token is written as a text or as an object that holds it. */
const tokenText = v.pipe(
  v.optional(v.nullable(v.union([v.string(), v.looseObject({ content: v.string() })])), null),
  v.transform((token) => (token !== null && typeof token === "object" ? token.content : token)),
);

/** tokenizer_config.json */
export const configSchema = v.looseObject({
  add_bos_token: v.nullish(v.boolean()),
  tokenizer_class: v.nullish(v.string()),
  chat_template: v.optional(v.unknown()),
  bos_token: tokenText,
  eos_token: tokenText,
  pad_token: tokenText,
  unk_token: tokenText,
  mask_token: tokenText,
});
export type TokenizerConfig = v.InferOutput<typeof configSchema>;

/** Far above every vocabulary in use; keeps a mad file from asking for endless memory. */
const MAX_ID = 2 ** 24;
const isId = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ID;

/** Ids by entry (BPE), or a list of entries with their scores (Unigram). */
type Vocab = Readonly<Record<string, number>> | readonly (readonly [string, number])[];

// Not v.record: it leaves out keys such as "constructor", which are tokens of many vocabularies.
const vocab = v.custom<Vocab>((value) => {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value)) return Object.values(value).every(isId);
  return value.every((entry: unknown) => Array.isArray(entry) && typeof entry[0] === "string");
}, "Expected a table of token ids");

/** One more than the highest id of a vocabulary. */
export function vocabEnd(entries: Vocab): number {
  if (Array.isArray(entries)) return entries.length;
  return Object.values(entries as Readonly<Record<string, number>>).reduce(
    (end, value) => Math.max(end, value + 1),
    0,
  );
}

/** tokenizer.json; absent parts become null, as the library expects. */
export const tokenizerSchema = v.looseObject({
  added_tokens: v.optional(
    v.array(
      v.looseObject({ id: whole(0, MAX_ID), content: v.string(), special: v.optional(v.boolean(), false) }),
    ),
    [],
  ),
  normalizer: v.optional(v.unknown(), null),
  pre_tokenizer: v.optional(v.unknown(), null),
  post_processor: v.optional(v.unknown(), null),
  decoder: v.optional(v.unknown(), null),
  model: v.looseObject({ vocab }),
});
