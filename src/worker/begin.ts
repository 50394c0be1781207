/** What a run begins with after its prompt: given tokens, checked against the method and the model. */
import { DecoscopeError } from "../base/errors";
import { encodeBlanks } from "../decoding/canvas/blanks";
import type { Method } from "../decoding/method";
import type { ModelFacts } from "../decoding/session";
import { readsGaps } from "../models/catalog";
import type { Tokenizer } from "../models/tokenizer/tokenizer";
import type { RunBegin } from "../trace/events";
import type { RunSettings } from "./api";

const wrong = (message: string): DecoscopeError => new DecoscopeError("method", message);

function checkToken(token: number, model: Pick<ModelFacts, "id" | "vocabSize">): number {
  if (Number.isInteger(token) && token >= 0 && token < model.vocabSize) return token;
  throw wrong(
    `Given token ${token} is not in the vocabulary of ${model.id}, whose ids go from 0 to ${model.vocabSize - 1}. Begin from the prompt instead.`,
  );
}

export interface CanvasBeginning {
  readonly promptTokens: readonly number[];
  readonly begin: RunBegin | null;
  /** Positions behind the prompt, given ones included: more than was asked for where the given text is longer. */
  readonly maxNewTokens: number;
}

/**
 * What a run that fills a canvas begins with: the prompt up to its first gap, and what stands behind it, which a branch
 * brings along and a prompt with gaps has in itself.
 * @throws DecoscopeError "method" for tokens the model does not have, or that are its mask
 */
export function canvasBeginning(
  {
    model: id,
    prompt,
    begin,
    maxNewTokens,
  }: Pick<RunSettings, "model" | "prompt" | "begin" | "maxNewTokens">,
  tokenizer: Pick<Tokenizer, "encode" | "encodePrompt">,
  model: Pick<ModelFacts, "id" | "vocabSize"> & { readonly maskToken: number },
): CanvasBeginning {
  const { promptTokens, rest } = readsGaps(id)
    ? encodeBlanks(
        prompt,
        (text) => tokenizer.encodePrompt(text),
        (text) => tokenizer.encode(text),
      )
    : { promptTokens: tokenizer.encodePrompt(prompt), rest: [] };
  const given = begin ?? (rest.length > 0 ? { step: 0, tokens: rest, forced: [] } : null);
  for (const token of given?.tokens ?? []) {
    if (token === null) continue;
    if (checkToken(token, model) === model.maskToken)
      throw wrong(`Given token ${token} is the mask of ${model.id}. Leave the position open instead.`);
  }
  return { promptTokens, begin: given, maxNewTokens: Math.max(maxNewTokens, given?.tokens.length ?? 0) };
}

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
  const tokens = begin.tokens.map((token, i) => {
    if (token === null)
      throw wrong(
        `Expected a token at given position ${i + 1}, found one left open: ${method.label} appends to a text and fills no masks. Choose a method that does.`,
      );
    return checkToken(token, model);
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
