/** Whether two models read the same tokens: one may draft for the other only then. */
import { sha256 } from "@noble/hashes/sha2.js";
import * as v from "valibot";

const tokenizerSchema = v.looseObject({
  model: v.looseObject({
    vocab: v.union([v.record(v.string(), v.number()), v.array(v.looseTuple([v.string()]))]),
  }),
  added_tokens: v.optional(v.array(v.looseObject({ id: v.number(), content: v.string() })), []),
});

/**
 * A name for the tokens of a tokenizer.json: the same for all that give the same text to every id, however the file is written.
 * Null for one that lists none.
 */
export function vocabularyId(tokenizer: unknown): string | null {
  const parsed = v.safeParse(tokenizerSchema, tokenizer);
  if (!parsed.success) return null;
  const { model, added_tokens: added } = parsed.output;
  const tokens = new Map<number, string>(
    Array.isArray(model.vocab)
      ? model.vocab.map(([token], id) => [id, token])
      : Object.entries(model.vocab).map(([token, id]) => [id, token]),
  );
  for (const { id, content } of added) tokens.set(id, content);
  const lines = [...tokens].sort(([a], [b]) => a - b).map(([id, token]) => `${id}\t${token}\n`);
  const digest = sha256(new TextEncoder().encode(lines.join("")));
  return `vocabulary-${Array.from(digest.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join("")}`;
}
