/** The symbols of acceptance tests, the same in lists and drawings. */
import type { RoundView } from "../../trace/view";

/** The bound of an acceptance test in the symbols of the page: r is what earlier rejections left of p, d is q without drawn siblings. */
export const boundOf = (rule: RoundView["rule"], earlier: number, hasResidual: boolean): string =>
  `min(1, ${rule === "k_seq" || hasResidual ? "r" : "p"} / ${rule === "recursive_rejection" && earlier > 0 ? "d" : "q"})`;
