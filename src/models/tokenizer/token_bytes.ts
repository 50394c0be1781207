/** The bytes behind a token's spelling in tokenizer.json, for the two spellings in use. */
import { DecoscopeError } from "../../base/errors";

/** How a vocabulary spells bytes. */
export interface Spelling {
  /** Bytes of one vocabulary entry (not of added tokens, whose content is their text). */
  bytesOf(entry: string): Uint8Array;
  /** The tokenizer writes a space before the text, which is no part of it. */
  readonly dropsFirstSpace: boolean;
}

const encoder = new TextEncoder();

/**
 * Byte-level BPE writes each byte as one character: printable Latin-1 bytes as themselves, the others as the
 * characters from U+0100 on.
 * @see Radford et al. 2019, GPT-2 (bytes_to_unicode)
 */
function byteLevelAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    alphabet.set(String.fromCharCode(printable ? byte : next++), byte);
  }
  return alphabet;
}

function byteLevel(): Spelling {
  const alphabet = byteLevelAlphabet();
  return {
    // A character outside the alphabet can only stand for itself.
    bytesOf: (entry) =>
      Uint8Array.from(Array.from(entry).flatMap((c) => alphabet.get(c) ?? [...encoder.encode(c)])),
    dropsFirstSpace: false,
  };
}

function sentencePiece(space: string, hasByteTokens: boolean, dropsFirstSpace: boolean): Spelling {
  return {
    bytesOf(entry) {
      const byte = hasByteTokens ? /^<0x([0-9A-Fa-f]{2})>$/.exec(entry)?.[1] : undefined;
      return byte === undefined
        ? encoder.encode(entry.replaceAll(space, " "))
        : Uint8Array.of(parseInt(byte, 16));
    },
    dropsFirstSpace,
  };
}

/** A step of the `decoder` of tokenizer.json. */
interface DecoderStep {
  readonly type?: unknown;
  readonly decoders?: unknown;
  readonly pattern?: unknown;
  readonly content?: unknown;
  readonly replacement?: unknown;
  readonly prepend_scheme?: unknown;
  readonly start?: unknown;
}

function flatten(decoder: unknown): DecoderStep[] {
  if (typeof decoder !== "object" || decoder === null) return [];
  const step = decoder as DecoderStep;
  return step.type === "Sequence" && Array.isArray(step.decoders) ? step.decoders.flatMap(flatten) : [step];
}

/** The character that a step turns into a space, or null. */
function spaceOf(step: DecoderStep): string | null {
  if (step.type === "Metaspace") return typeof step.replacement === "string" ? step.replacement : "\u2581";
  if (step.type !== "Replace" || step.content !== " ") return null;
  const pattern = step.pattern as { readonly String?: unknown } | null | undefined;
  return typeof pattern?.String === "string" && pattern.String !== "" ? pattern.String : null;
}

const KNOWN_STEPS = new Set(["ByteLevel", "Metaspace", "Replace", "ByteFallback", "Fuse", "Strip"]);

/**
 * The spelling that a tokenizer's decoder undoes.
 * @param decoder the `decoder` field of tokenizer.json
 * @throws DecoscopeError `unsupported` for decoders of other kinds (WordPiece, CTC ...)
 */
export function findSpelling(decoder: unknown, file: string): Spelling {
  const steps = flatten(decoder);
  const unknown = steps.find(({ type }) => !KNOWN_STEPS.has(String(type)));
  if (!unknown) {
    if (steps.some(({ type }) => type === "ByteLevel")) return byteLevel();
    const space = steps.map(spaceOf).find((s) => s !== null);
    if (typeof space === "string") {
      const drops = steps.some(
        (step) =>
          (step.type === "Strip" && step.content === " " && step.start === 1) ||
          (step.type === "Metaspace" && step.prepend_scheme !== "never"),
      );
      return sentencePiece(
        space,
        steps.some(({ type }) => type === "ByteFallback"),
        drops,
      );
    }
  }
  const found = unknown ? String(unknown.type) : steps.map(({ type }) => String(type)).join(", ") || "none";
  throw new DecoscopeError(
    "unsupported",
    `${file}: expected a byte-level or SentencePiece-style decoder, found ${found}. Choose another model.`,
  );
}
