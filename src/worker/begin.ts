/** What a run begins with after its prompt: given tokens, checked against the method and the model. */
import { DecoscopeError } from "../base/errors";
import type { Method } from "../decoding/method";
import type { ModelFacts } from "../decoding/session";
import type { RunBegin } from "../trace/events";

const wrong = (message: string): DecoscopeError => new DecoscopeError("method", message);

/**
 * The given tokens of a run that appends to a text; none without a beginning.
 * @throws DecoscopeError "method" for positions left open, tokens the model does not have, more of them than the run
 * may have, or an end of the text in their midst
 */
export function givenTokens(
  begin: RunBegin | null,
  method: Pick<Method, "label" | "requires">,
  model: Pick<ModelFacts, "id" | "vocabSize" | "endTokens">,
  maxNewTokens: number,
): readonly number[] {
  if (!begin) return [];
  if (method.requires.startsWith("masked"))
    throw wrong(
      `${method.label} fills masks and cannot begin with given tokens yet. Take them out, or choose a method that appends to a text.`,
    );
  const tokens = begin.tokens.map((token, i) => {
    if (token === null)
      throw wrong(
        `Expected a token at given position ${i + 1}, found one left open: ${method.label} appends to a text and fills no masks. Choose a method that does.`,
      );
    if (!Number.isInteger(token) || token < 0 || token >= model.vocabSize)
      throw wrong(
        `Given token ${token} is not in the vocabulary of ${model.id}, whose ids go from 0 to ${model.vocabSize - 1}. Begin from the prompt instead.`,
      );
    return token;
  });
  if (tokens.length > maxNewTokens)
    throw wrong(
      `${tokens.length} tokens are given and the run may have ${maxNewTokens} new ones. Ask for more new tokens, or begin from the prompt.`,
    );
  const end = tokens.findIndex((token) => model.endTokens.includes(token));
  if (end >= 0 && end < tokens.length - 1)
    throw wrong(
      `Given token ${end + 1} ends the text, and ${tokens.length - 1 - end} more are given after it. Begin from the prompt instead.`,
    );
  return tokens;
}
