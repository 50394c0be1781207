/** Whether a prompt starts with a token of its own, and which. */
import type { TokenizerConfig } from "./files";

interface TemplateProcessing {
  readonly type?: unknown;
  readonly processors?: unknown;
  readonly single?: unknown;
  readonly special_tokens?: unknown;
}

/** The id that a post-processor puts first; null if it puts none there; undefined if it does not say. */
function templateBos(processor: unknown): number | null | undefined {
  if (typeof processor !== "object" || processor === null) return undefined;
  const { type, processors, single, special_tokens: table } = processor as TemplateProcessing;
  if (type === "Sequence" && Array.isArray(processors))
    return processors.map(templateBos).find((found) => found !== undefined);
  if (type !== "TemplateProcessing" || !Array.isArray(single)) return undefined;
  const first = (single[0] as { readonly SpecialToken?: { readonly id?: unknown } } | undefined)?.SpecialToken
    ?.id;
  if (typeof first !== "string") return null;
  const entry = (table as Readonly<Record<string, { readonly ids?: readonly unknown[] }>> | undefined)?.[
    first
  ];
  return typeof entry?.ids?.[0] === "number" ? entry.ids[0] : undefined;
}

/** Tokenizers whose models name a bos token in config.json that is never put before a prompt. */
const NEVER = /^(GPT2|Qwen2|GPTNeoX)Tokenizer(Fast)?$/;

/**
 * The id put before every prompt, or null. What the files say decides, in this order: `add_bos_token` in
 * tokenizer_config.json; the template of tokenizer.json; the tokenizer's class; else the bos token that the model names.
 * @param modelBos bos id of config.json
 */
export function findBos(
  postProcessor: unknown,
  config: TokenizerConfig,
  modelBos: number | null,
  idOf: (text: string) => number | undefined,
): number | null {
  if (config.add_bos_token === false) return null;
  const fromTemplate = templateBos(postProcessor);
  if (typeof fromTemplate === "number") return fromTemplate;
  if (config.add_bos_token !== true) {
    if (fromTemplate === null) return null;
    if (NEVER.test(config.tokenizer_class ?? "")) return null;
  }
  return (config.bos_token === null ? undefined : idOf(config.bos_token)) ?? modelBos;
}
