/** What a prompt must be; the one place that says so. */
import { DecoscopeError } from "../base/errors";
import type { ModelFacts } from "./session";

/**
 * Checks a prompt that is to be continued in `maxContext` tokens of text and prompt together.
 * @throws DecoscopeError "method" for an empty prompt, ids outside the vocabulary, or one that leaves no room for a token
 */
export function checkPrompt(
  tokens: readonly number[],
  model: Pick<ModelFacts, "id" | "vocabSize">,
  maxContext: number,
): void {
  if (tokens.length === 0)
    throw new DecoscopeError(
      "method",
      "The prompt is empty: expected at least one token. Write some text first.",
    );
  const wrong = tokens.find((t) => !Number.isInteger(t) || t < 0 || t >= model.vocabSize);
  if (wrong !== undefined)
    throw new DecoscopeError(
      "method",
      `Token ${wrong} is not in the vocabulary of ${model.id}, whose ids go from 0 to ${model.vocabSize - 1}. Change the prompt's ids.`,
    );
  if (tokens.length >= maxContext)
    throw new DecoscopeError(
      "method",
      `The prompt has ${tokens.length} tokens; expected at most ${maxContext - 1} with this model. Shorten the prompt, or load a model with a longer text.`,
    );
}
