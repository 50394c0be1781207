/** Prompts with gaps: what a visitor writes as underscores becomes positions to fill in. */

/** Text as it stands, or so many masked positions. */
export type PromptPart =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "blank"; readonly masks: number };

/** A run of underscores, or something escaped by a backslash. */
const MARKS = /\\_|_+/g;

/**
 * The parts of a prompt in order. Each underscore is one masked position; `\_` is an underscore. A blank takes the place
 * of the space before it, which belongs to the word it stands for.
 */
export function promptParts(prompt: string): readonly PromptPart[] {
  const parts: PromptPart[] = [];
  let text = "";
  let from = 0;
  for (const { 0: mark, index } of prompt.matchAll(MARKS)) {
    text += prompt.slice(from, index);
    from = index + mark.length;
    if (mark === "\\_") {
      text += "_";
      continue;
    }
    if (text.endsWith(" ")) text = text.slice(0, -1);
    if (text !== "") parts.push({ kind: "text", text });
    parts.push({ kind: "blank", masks: mark.length });
    text = "";
  }
  text += prompt.slice(from);
  if (text !== "") parts.push({ kind: "text", text });
  return parts;
}

/** Lengths of the blanks, in order. */
export const blanksOf = (prompt: string): readonly number[] =>
  promptParts(prompt).flatMap((part) => (part.kind === "blank" ? [part.masks] : []));

/** The prompt with blanks of `masks` positions each. */
export const withBlanks = (prompt: string, masks: number): string =>
  prompt.replace(MARKS, (mark) => (mark === "\\_" ? mark : "_".repeat(masks)));

/**
 * Tokens of a prompt with gaps: those before the first one, and what stands from there on, null where something is to be
 * filled in. The second list is empty without gaps.
 * @param encodePrompt tokens of the beginning of a text, @param encode tokens of what follows in it
 */
export function encodeBlanks(
  prompt: string,
  encodePrompt: (text: string) => readonly number[],
  encode: (text: string) => readonly number[],
): { readonly promptTokens: readonly number[]; readonly rest: readonly (number | null)[] } {
  const [first, ...others] = promptParts(prompt);
  const head = first?.kind === "text" ? first.text : "";
  const tail = first?.kind === "blank" ? [first, ...others] : others;
  return {
    promptTokens: encodePrompt(head),
    rest: tail.flatMap((part): (number | null)[] =>
      part.kind === "blank" ? Array.from({ length: part.masks }, () => null) : [...encode(part.text)],
    ),
  };
}
