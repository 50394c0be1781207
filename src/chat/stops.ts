/** Ends a text at the first of some strings, as it comes in parts. */
import { heldBack } from "./sections";

export class StopFinder {
  private waiting = "";
  /** The string that the text ended at; null while it has not. */
  found: string | null = null;

  /** @param stops none of them empty */
  constructor(private readonly stops: readonly string[]) {}

  /** The text up to what may still become one of the strings; nothing after one was found, nor the string itself. */
  push(text: string): string {
    if (this.found !== null) return "";
    this.waiting += text;
    const hits = this.stops
      .map((stop) => ({ stop, at: this.waiting.indexOf(stop) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || b.stop.length - a.stop.length);
    const first = hits[0];
    if (first) {
      this.found = first.stop;
      const before = this.waiting.slice(0, first.at);
      this.waiting = "";
      return before;
    }
    const held = Math.max(0, ...this.stops.map((stop) => heldBack(this.waiting, stop)));
    const out = this.waiting.slice(0, this.waiting.length - held);
    this.waiting = this.waiting.slice(this.waiting.length - held);
    return out;
  }

  /** What was held back, at the end of the text. */
  flush(): string {
    const rest = this.waiting;
    this.waiting = "";
    return rest;
  }
}
