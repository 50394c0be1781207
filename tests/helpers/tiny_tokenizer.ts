/** A small byte-level BPE tokenizer in hub format, made from a few merges, for tests that need no trained one. */

/** Ids of the special tokens, in the layout of the story models. */
export const SPECIAL = ["<|end|>", "<|mask|>"] as const;
const MERGES = ["t h", "th e", "Ġ the", "Ġ a", "Ġ w", "a s", "Ġw as", "i n", "Ã ©", "ð Ł"] as const;

/** Entries of {@link tinyTokenizer}: special tokens, 256 bytes, one for each merge. */
export const TINY_VOCAB = SPECIAL.length + 256 + MERGES.length;

/** The characters that stand for bytes 0 to 255 in byte-level vocabularies (GPT-2). */
function byteCharacters(): string[] {
  const isPrintable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(isPrintable(b) ? b : next++));
}

/** tokenizer.json as an object that tests may change. */
export function tinyTokenizer() {
  const entries = [...SPECIAL, ...byteCharacters(), ...MERGES.map((merge) => merge.replace(" ", ""))];
  return {
    version: "1.0",
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null as unknown,
    pre_tokenizer: {
      type: "ByteLevel",
      add_prefix_space: false,
      trim_offsets: false,
      use_regex: true,
    } as unknown,
    post_processor: null as unknown,
    decoder: { type: "ByteLevel" } as unknown,
    model: {
      type: "BPE",
      unk_token: null,
      byte_fallback: false,
      vocab: Object.fromEntries(entries.map((entry, id) => [entry, id])) as Record<string, number>,
      merges: [...MERGES] as string[],
    },
  };
}
