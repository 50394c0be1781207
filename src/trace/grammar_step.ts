/** What grammar.ts has seen of the step it is in. */
import type { VerifyEvent } from "./events";
import type { CheckedTree } from "./tree_rules";

/** What a step has shown so far. */
export interface Step {
  readonly number: number;
  /** Committed tokens at its first event of the round. */
  base: number;
  tree: CheckedTree | null;
  verify: Pick<VerifyEvent, "path" | "extra"> | null;
  isCommitted: boolean;
  readonly states: Set<string>;
  hasCost: boolean;
}

/** A step before its first event. */
export const newStep = (number: number, base: number): Step => ({
  number,
  base,
  tree: null,
  verify: null,
  isCommitted: false,
  states: new Set(),
  hasCost: false,
});
