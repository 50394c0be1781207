/** Parameters at the edges of what a method's options allow. */
import type { Option, ParamsSchema, ParamValue } from "../../src/base/params";

/** Values at the edges of what an option allows. */
function bounds(option: Option): ParamValue[] {
  switch (option.kind) {
    case "integer":
    case "number":
      return [option.min, option.max];
    case "toggle":
      return [false, true];
    case "choice":
      return option.choices.map((c) => c.value);
    case "integers": {
      const all = (length: number, value: number): number[] => Array.from({ length }, () => value);
      return [
        [option.min],
        [option.max],
        all(option.maxLength, option.min),
        all(option.maxLength, option.max),
      ];
    }
  }
}
/** Defaults, each option at each of its bounds alone, all at their first bounds and all at their last. */
export function boundaryParams(schema: ParamsSchema): Record<string, ParamValue>[] {
  const keys = Object.entries(schema);
  const all = (at: number): Record<string, ParamValue> =>
    Object.fromEntries(keys.map(([key, option]) => [key, bounds(option).at(at)!]));
  return [{}, ...keys.flatMap(([key, option]) => bounds(option).map((v) => ({ [key]: v }))), all(0), all(-1)];
}
