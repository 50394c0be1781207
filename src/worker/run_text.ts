/** The new tokens of a run, as its events tell of them: appended one after another, or filled into a canvas. */
import type { MethodEvent, StopReason, TraceEvent } from "../trace/events";

export class RunText {
  private readonly appended: number[];
  /** Committed positions of a canvas; null in runs without one. */
  private filled: Map<number, number> | null = null;

  /** @param given tokens that stand after the prompt from the start */
  constructor(given: readonly number[] = []) {
    this.appended = [...given];
  }

  push(event: MethodEvent | TraceEvent): void {
    switch (event.kind) {
      case "canvas":
        this.filled = new Map();
        return;
      case "commit":
        this.appended.push(...event.tokens);
        return;
      case "unmask":
        event.positions.forEach((p, i) => this.filled?.set(p, event.tokens[i]!));
        return;
      case "remask":
        for (const p of event.positions) this.filled?.delete(p);
        return;
      default:
        return;
    }
  }

  /** New tokens; those of a canvas in order of their positions. */
  tokens(): readonly number[] {
    if (!this.filled) return this.appended;
    return [...this.filled].sort(([a], [b]) => a - b).map(([, token]) => token);
  }

  /** Why a run ended that nobody cancelled and that did not fail. */
  stopReason(endTokens: readonly number[], maxNewTokens: number): StopReason {
    const tokens = this.tokens();
    const isEnded = this.filled
      ? tokens.some((token) => endTokens.includes(token))
      : tokens.length > 0 && endTokens.includes(tokens.at(-1)!);
    if (isEnded) return "end_token";
    return tokens.length >= maxNewTokens ? "max_tokens" : "context_full";
  }
}
