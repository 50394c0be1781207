/** Chat templates: from messages to the text that a chat model was trained on. */
import { DecoscopeError } from "../../base/errors";

export interface ChatMessage {
  /** Mostly "system", "user" or "assistant"; templates may know others. */
  readonly role: string;
  readonly content: string;
}

/** The `chat_template` of tokenizer_config.json, which is a text or a list of named ones; null if there is none. */
export function findChatTemplate(field: unknown): string | null {
  if (typeof field === "string") return field;
  if (!Array.isArray(field)) return null;
  const named = field as readonly ({ readonly name?: unknown; readonly template?: unknown } | null)[];
  const template = (named.find((entry) => entry?.name === "default") ?? named[0])?.template;
  return typeof template === "string" ? template : null;
}

export interface TemplateOptions {
  /** Whether the model thinks before it answers, for templates that ask; left out, the template decides. */
  readonly thinks?: boolean | undefined;
  /** Whether the text ends where an answer begins; else where the last message ends. */
  readonly opensAnswer?: boolean | undefined;
}

/**
 * The text of a conversation, ending where the assistant's answer begins.
 * Templates are rare enough that the library for them is only fetched when one is used.
 * @param tokens texts of the special tokens by role name: `bos_token`, `eos_token` ...
 * @throws DecoscopeError `load` if the template cannot be parsed, refuses the messages or does not come to an end
 */
export async function renderTemplate(
  template: string,
  messages: readonly ChatMessage[],
  tokens: Readonly<Record<string, string>>,
  label: string,
  { thinks, opensAnswer = true }: TemplateOptions = {},
): Promise<string> {
  const { runTemplate } = await import("./template");
  try {
    return runTemplate(template, {
      ...tokens,
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: opensAnswer,
      ...(thinks !== undefined && { enable_thinking: thinks }),
    });
  } catch (thrown) {
    const roles = messages.map(({ role }) => role).join(", ") || "no messages";
    throw new DecoscopeError(
      "load",
      `${label}: the model's chat template failed on a conversation of ${roles}: ` +
        `${thrown instanceof Error ? thrown.message : String(thrown)}. Use plain text instead, or another model.`,
    );
  }
}
