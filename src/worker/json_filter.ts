/** Answers held to JSON or to a schema of it. Fetched with the first of them. */
import { JsonWriter } from "../chat/json/json_writer";
import { anyObject, schemaGrammar } from "../chat/json/schema";
import { Vocabulary } from "../chat/json/vocabulary";
import type { AnswerFormat } from "../chat/protocol";
import type { TokenFilter } from "../decoding/method";
import type { Tokenizer } from "../models/tokenizer/tokenizer";
import type { ModelFacts } from "../models/model";

/** Sorting a vocabulary takes a moment, and is done once for each. */
const vocabularies = new WeakMap<Tokenizer, Vocabulary>();

/** @throws DecoscopeError "method" for a schema that is not understood, or that nothing short enough satisfies */
export function jsonFilter(
  format: AnswerFormat,
  tokenizer: Tokenizer,
  { vocabSize, endTokens }: ModelFacts,
  maxNewTokens: number,
): TokenFilter {
  const grammar = format.kind === "json" ? anyObject() : schemaGrammar(format.schema);
  let vocabulary = vocabularies.get(tokenizer);
  if (!vocabulary) vocabularies.set(tokenizer, (vocabulary = new Vocabulary(tokenizer, vocabSize)));
  const writer = new JsonWriter(grammar, vocabulary, tokenizer, endTokens, maxNewTokens);
  return {
    label:
      format.kind === "json" ? "The answer is held to a JSON object" : "The answer is held to a JSON schema",
    allowed: () => writer.allowed(),
    push: (token) => writer.push(token),
    get isOver() {
      return writer.isOver;
    },
    get isWhole() {
      return writer.isWhole;
    },
  };
}
