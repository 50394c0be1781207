/** Tells the texts of tokens before a trace first mentions them, so that it can be read without a tokenizer. */
import type { MethodEvent, PiecesEvent } from "../trace/events";

/** What it needs of a tokenizer. */
interface Pieces {
  bytes(token: number): Uint8Array;
}

const REPLACEMENT = "\uFFFD";

export class PieceTeller {
  private readonly told = new Set<number>();
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(private readonly pieces: Pieces) {}

  /** Ids that an event mentions. */
  mentioned(event: MethodEvent): number[] {
    switch (event.kind) {
      case "candidates":
        return event.top.map(([token]) => token);
      case "draft":
        return event.nodes.map((n) => n.token);
      case "commit":
      case "unmask":
      case "judge":
      case "wave":
        return [...event.tokens];
      case "canvas":
        return event.tokens.filter((token) => token !== event.mask);
      case "scores":
        return [...event.tokens, ...event.best, ...event.second, ...event.top.flat().map(([token]) => token)];
      case "recur":
        return [...(event.argmax ?? []), ...(event.top ?? []).flat().map(([token]) => token)];
      default:
        return [];
    }
  }

  /** At most one event with what was not told yet. */
  *before(tokens: Iterable<number>, step: number, ms: number): Generator<PiecesEvent> {
    const fresh = [...new Set(tokens)].filter((t) => !this.told.has(t));
    if (fresh.length === 0) return;
    const texts: string[] = [];
    const partial: [number, number[]][] = [];
    for (const token of fresh) {
      this.told.add(token);
      const bytes = this.pieces.bytes(token);
      const text = this.decoder.decode(bytes);
      texts.push(text);
      if (text.includes(REPLACEMENT)) partial.push([token, [...bytes]]);
    }
    yield { kind: "pieces", step, ms, tokens: fresh, texts, partial };
  }
}
