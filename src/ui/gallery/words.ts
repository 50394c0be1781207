/** What a method needs and promises, in words. */
import type { MethodInfo } from "../definitions";

const NEEDS: Readonly<Record<MethodInfo["requires"], string>> = {
  causal: "A language model",
  "causal+draft": "A language model and a smaller draft model",
  recurrent: "A model of recurrent depth",
  routed: "A mixture of recursions",
  masked: "A masked (diffusion) model",
  "masked+guider": "A masked (diffusion) model and a language model that judges it",
};
export const needsOf = (method: MethodInfo): string => NEEDS[method.requires];

/** What the text is worth, as far as the method alone decides it. */
export function promiseOf(method: MethodInfo): string {
  if (method.lossless) return "Exact: the text has the target model\u2019s own law";
  return method.requires.startsWith("masked")
    ? "Approximate: the text depends on the order in which positions are filled"
    : "Approximate";
}
