/** The tokens of a model by their bytes, in an order in which those that begin alike are read together. */
import type { Automaton, State } from "./automaton";

/** What is asked of a tokenizer. */
export interface TokenBytes {
  readonly size: number;
  bytes(token: number): Uint8Array;
  isSpecial(token: number): boolean;
}

/** Tokens that may come next, and the most bytes that are missing to an end after any of them. */
export interface Reach {
  /** u32 [ceil(V / 32)] */
  readonly bits: Uint32Array<ArrayBuffer>;
  readonly count: number;
  readonly mostCost: number;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export class Vocabulary {
  private readonly tokens: readonly { readonly token: number; readonly bytes: Uint8Array }[];
  /** By place in `tokens`: first bytes that it has in common with the one before. */
  private readonly shared: Uint16Array;
  private readonly alone = new Uint8Array(256);

  /** @param vocabSize rows of the model's head, which may be more than the tokenizer knows */
  constructor(
    tokenizer: TokenBytes,
    private readonly vocabSize: number,
  ) {
    const tokens = [];
    for (let token = 0; token < Math.min(tokenizer.size, vocabSize); token++) {
      const bytes = tokenizer.isSpecial(token) ? null : tokenizer.bytes(token);
      if (!bytes || bytes.length === 0) continue;
      tokens.push({ token, bytes });
      if (bytes.length === 1) this.alone[bytes[0]!] = 1;
    }
    this.tokens = tokens.sort((a, b) => compare(a.bytes, b.bytes));
    this.shared = Uint16Array.from(this.tokens, ({ bytes }, i) => {
      const before = this.tokens[i - 1]?.bytes ?? new Uint8Array();
      let n = 0;
      while (n < Math.min(bytes.length, before.length) && bytes[n] === before[n]) n++;
      return n;
    });
  }

  /** Whether a byte is a token of its own. */
  readonly canWrite = (byte: number): boolean => this.alone[byte] === 1;

  /** Tokens that go on from a state so that at most `most` bytes are missing to an end. */
  reach(automaton: Automaton, state: State, most: number): Reach {
    const bits = new Uint32Array(Math.ceil(this.vocabSize / 32));
    const way: State[] = [state];
    /** Bytes of the token before that could be read. */
    let read = 0;
    let count = 0;
    let mostCost = 0;
    for (const [i, { token, bytes }] of this.tokens.entries()) {
      const shared = this.shared[i]!;
      // The byte that could not be read is in this one too.
      if (shared > read) continue;
      read = shared;
      for (; read < bytes.length; read++) {
        const next = automaton.step(way[read]!, bytes[read]!);
        if (!next) break;
        way[read + 1] = next;
      }
      if (read < bytes.length) continue;
      const { cost } = way[read]!;
      if (cost > most) continue;
      bits[token >>> 5]! |= 1 << (token & 31);
      count++;
      mostCost = Math.max(mostCost, cost);
    }
    return { bits, count, mostCost };
  }
}
