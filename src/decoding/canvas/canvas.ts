/** The canvas of a denoising run: which positions are given, which are still masked, what the others were filled with. */
import { DecoscopeError } from "../../base/errors";

type Status = "fixed" | "masked" | "committed";

export class Canvas {
  /** Positions before this are the prompt. Behind it some are to be filled in, others may be given. */
  readonly promptLength: number;
  /** Step of the latest commit of each position; -1 for fixed ones, null for masked ones. */
  readonly committedAt: (number | null)[];
  private readonly status: Status[];

  /**
   * @param tokens one a position; the mask where something is to be filled in
   * @param length of the prompt, which ends before the first mask in any case
   */
  private constructor(
    readonly tokens: number[],
    readonly mask: number,
    length: number,
  ) {
    this.status = tokens.map((token) => (token === mask ? "masked" : "fixed"));
    this.committedAt = this.status.map((s) => (s === "masked" ? null : -1));
    this.promptLength = Math.min(length, tokens.indexOf(mask));
  }

  /**
   * A prompt, what is given behind it, and masks up to `maxNewTokens` positions behind the prompt. Masks within the prompt
   * are positions to fill in too and count as new tokens, so a prompt with as many masks as there may be new tokens is
   * filled in and nothing is appended.
   * @param begin tokens behind the prompt; null for positions to fill in among them
   * @throws DecoscopeError "method" for an empty prompt or if nothing is left to fill in, "limit" for a prompt that leaves
   * no room
   */
  static open(
    prompt: readonly number[],
    maxNewTokens: number,
    mask: number,
    maxContext: number,
    begin: readonly (number | null)[] = [],
  ): Canvas {
    if (prompt.length === 0)
      throw new DecoscopeError(
        "method",
        "expected a prompt of at least one token, found none; write a prompt",
      );
    const inside = prompt.filter((token) => token === mask).length + begin.length;
    const given = [...prompt, ...begin.map((token) => token ?? mask)];
    const isOpen = given.includes(mask);
    const room = maxContext - given.length;
    if (room < 0 || (room === 0 && !isOpen))
      throw new DecoscopeError(
        "limit",
        `expected a prompt of at most ${maxContext - 1} tokens, found ${given.length}; shorten it`,
      );
    const appended = Math.min(room, Math.max(0, maxNewTokens - inside));
    if (!isOpen && appended === 0)
      throw new DecoscopeError(
        "method",
        `expected at least one position to fill in, found ${begin.length} given ones and ${maxNewTokens} new tokens; ask for more new tokens, or leave a position open`,
      );
    return new Canvas([...given, ...Array.from({ length: appended }, () => mask)], mask, prompt.length);
  }

  get length(): number {
    return this.tokens.length;
  }

  isMasked(position: number): boolean {
    return this.status[position] === "masked";
  }

  isCommitted(position: number): boolean {
    return this.status[position] === "committed";
  }

  /** Masked positions in [start, end), ascending. */
  masked(start = 0, end = this.length): number[] {
    const found: number[] = [];
    for (let p = Math.max(0, start); p < Math.min(end, this.length); p++) if (this.isMasked(p)) found.push(p);
    return found;
  }

  /** Positions to fill in: masked or committed. */
  get free(): number {
    return this.status.filter((s) => s !== "fixed").length;
  }

  get committed(): number {
    return this.status.filter((s) => s === "committed").length;
  }

  commit(position: number, token: number, step: number): void {
    if (!this.isMasked(position))
      throw new Error(`position ${position} is ${this.status[position]}, not masked`);
    this.tokens[position] = token;
    this.status[position] = "committed";
    this.committedAt[position] = step;
  }

  remask(position: number): void {
    if (!this.isCommitted(position)) throw new Error(`position ${position} is ${this.status[position]}`);
    this.tokens[position] = this.mask;
    this.status[position] = "masked";
    this.committedAt[position] = null;
  }

  /**
   * Where the text ends: the first end token behind the prompt with nothing masked before and nothing but ends given after
   * it; null while there is none.
   */
  endOfText(endTokens: readonly number[]): number | null {
    for (let p = this.promptLength; p < this.length; p++) {
      if (this.isMasked(p)) return null;
      if (!endTokens.includes(this.tokens[p]!)) continue;
      const isGivenText = (token: number, i: number): boolean =>
        i > p && this.status[i] === "fixed" && !endTokens.includes(token);
      return this.tokens.some(isGivenText) ? null : p;
    }
    return null;
  }
}
