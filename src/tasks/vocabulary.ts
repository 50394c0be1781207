/** The tokens that task models read and write: characters, task words, and a few phrases. */
import { DecoscopeError } from "../base/errors";

export const PAD = 0;
export const BOS = 1;
export const EOS = 2;
export const MASK = 3;

const SPECIAL = ["<pad>", "<bos>", "<eos>", "<mask>"];
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");
const DIGITS = Array.from("0123456789");
const SIGNS = Array.from('=,:;|+-*/_.{}[]"\n');

/** Words that open a prompt and say what is asked for. */
const OPENINGS = [
  "copy:",
  "reverse:",
  "sort:",
  "shuffle:",
  "replace-at:",
  "replace-any:",
  "insert-at:",
  "insert-any:",
  "remove-at:",
  "remove-any:",
  "sums:",
  "hops:",
  "words:",
  "countdown:",
  "latin:",
  "sudoku:",
  "json:",
];
/** Places of a list, counted from 1; a longest list of 12 has 13 places to insert at. */
const PLACES = Array.from({ length: 13 }, (_, i) => `#${i + 1}`);
const RECORDS = ['"name"', '"age"', '"ok"', '"tags"', ":true", ":false", ":null"];
const STORIES = ["Tom", "Ann", "Sam", "Mia", " has ", " boxes of ", " eggs", " pens", " cups", " nuts"];
const EVENTS = [". Gets ", ". Gives ", ". How many?"];

/** Text of every token by its id. */
export const VOCABULARY: readonly string[] = [
  ...SPECIAL,
  ...LETTERS,
  ...DIGITS,
  ...SIGNS,
  ...OPENINGS,
  ...PLACES,
  ...RECORDS,
  ...STORIES,
  ...EVENTS,
];

/** Rows of the models' embedding: some are left over. */
export const VOCABULARY_ROWS = 112;

const idOf = new Map(VOCABULARY.map((text, id) => [text, id]));
const longest = Math.max(...VOCABULARY.map((text) => text.length));

/**
 * Ids of a text: at every place the longest token that fits.
 * @throws DecoscopeError `method` if a character belongs to no token
 */
export function encode(text: string): number[] {
  const ids: number[] = [];
  let at = 0;
  while (at < text.length) {
    let length = Math.min(longest, text.length - at);
    while (length > 0 && !idOf.has(text.slice(at, at + length))) length--;
    const id = idOf.get(text.slice(at, at + length));
    if (id === undefined)
      throw new DecoscopeError(
        "method",
        `The task models cannot read ${JSON.stringify(text[at])} at place ${at + 1} of the prompt. ` +
          "Expected small letters, digits, signs, or the words of a task; start from one of the examples.",
      );
    ids.push(id);
    at += length;
  }
  return ids;
}

/** Text of ids, up to the first EOS; padding and BOS left out. */
export function decode(ids: readonly number[]): string {
  const end = ids.indexOf(EOS);
  return (end < 0 ? ids : ids.slice(0, end))
    .filter((id) => id !== PAD && id !== BOS)
    .map((id) => VOCABULARY[id] ?? "")
    .join("");
}

/** How byte-level BPE spells a single character of this vocabulary. */
const spelled = (character: string): string => (character === "\n" ? "\u010a" : character);

/** The hub's tokenizer.json: characters as a BPE without merges, all longer tokens as added ones. */
export function tokenizerJson(): unknown {
  const added = VOCABULARY.flatMap((content, id) =>
    content.length === 1
      ? []
      : [
          {
            id,
            content,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: id <= MASK,
          },
        ],
  );
  const characters = VOCABULARY.flatMap((text, id) => (text.length === 1 ? [[spelled(text), id]] : []));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<bos>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: "<bos>", type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { Sequence: { id: "B", type_id: 0 } },
      ],
      special_tokens: { "<bos>": { id: "<bos>", ids: [BOS], tokens: ["<bos>"] } },
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: Object.fromEntries(characters) as Record<string, number>, merges: [] },
  };
}
