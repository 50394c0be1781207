/** From a conversation to the tokens that a model reads. */
import type { ChatMessage } from "../chat/protocol";
import { CLOSED_THINKING, opensThinking } from "../chat/sections";
import type { Tokenizer } from "../models/tokenizer/tokenizer";

export interface ChatPrompt {
  readonly text: string;
  readonly tokens: readonly number[];
  /** The answer begins inside a thinking section. */
  readonly isThinking: boolean;
}

export interface PromptOptions {
  readonly thinks: boolean | null;
  /** "plain" puts messages one after another, a line each, for models that only continue texts. */
  readonly template: "model" | "plain";
  /** The answer must not begin with thinking: a section that the template leaves open is closed. */
  readonly closesThinking: boolean;
}

/** An answer goes on in the line that it was asked in. */
const plainText = (messages: readonly ChatMessage[]): string =>
  messages.map(({ role, content }, i) => (i > 0 && role !== "assistant" ? `\n${content}` : content)).join("");

/**
 * The prompt of a conversation. Answers that come with the tokens they were written in are read as these tokens, if the template
 * repeats them as they were: a text can be written in several ways, and the keys in the cache are those of one of them. That changes
 * what is read and never depends on what is cached.
 * @throws DecoscopeError as the tokenizer does
 */
export async function chatPrompt(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  { thinks, template, closesThinking }: PromptOptions,
): Promise<ChatPrompt> {
  const render = async (part: readonly ChatMessage[]): Promise<string> =>
    template === "plain" ? plainText(part) : tokenizer.renderChat(part, thinks === null ? {} : { thinks });
  let text = await render(messages);
  if (closesThinking && opensThinking(text)) text += CLOSED_THINKING;
  const parts: (string | readonly number[])[] = [];
  let at = 0;
  // A tokenizer that writes a space before every text cannot take texts apart.
  const pieces = tokenizer.dropsFirstSpace ? [] : messages.entries();
  for (const [i, { role, tokens = [] }] of pieces) {
    if (role !== "assistant" || tokens.length === 0) continue;
    const before = await render(messages.slice(0, i)).catch(() => null);
    if (before === null || before.length < at || !text.startsWith(before)) continue;
    const own = tokenizer.isSpecial(tokens.at(-1)!) ? tokens.slice(0, -1) : tokens;
    // As the answer's text was made of them.
    const written = tokenizer.decode(own, { atStart: false, skipSpecial: true });
    if (!text.startsWith(written, before.length)) continue;
    parts.push(text.slice(at, before.length), own);
    at = before.length + written.length;
  }
  parts.push(text.slice(at));
  const tokens = parts.flatMap((part, i) =>
    typeof part !== "string" ? part : i === 0 ? tokenizer.encodePrompt(part) : tokenizer.encode(part),
  );
  return { text, tokens, isThinking: opensThinking(text) };
}
