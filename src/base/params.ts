/** Option schemas: one description gives typed values, a form, help text, link fields and fuzzed tests. */

interface Described {
  /** Short name shown beside the control. */
  readonly label: string;
  /** One or two sentences shown under the control: what it does, its unit, what larger values cost. */
  readonly help: string;
}
export interface IntegerOption extends Described {
  readonly kind: "integer";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
/**
 * Values along a slider evenly by their logarithm, or by the logarithm of their odds p / (1 - p): from `least` to `max`, or to
 * 1 - least. The ends of the slider are `min` and `max` all the same.
 */
export interface SliderScale {
  readonly by: "log" | "log-odds";
  readonly least: number;
}
export interface NumberOption extends Described {
  readonly kind: "number";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Step of the slider; values between steps are legal. */
  readonly step: number;
  /** Even in the values themselves unless given; `step` counts only then. */
  readonly scale?: SliderScale;
  /** Forms move it along with a choice, from one of these values to another, until it has a value of its own. The default never moves. */
  readonly follows?: { readonly key: string; readonly values: Readonly<Record<string, number>> };
}
export interface ToggleOption extends Described {
  readonly kind: "toggle";
  readonly default: boolean;
}
export interface ChoiceOption<T extends string = string> extends Described {
  readonly kind: "choice";
  readonly default: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
}
/** A short list of integers written "2,2,1". */
export interface IntegersOption extends Described {
  readonly kind: "integers";
  readonly default: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly maxLength: number;
}
export type Option = IntegerOption | NumberOption | ToggleOption | ChoiceOption | IntegersOption;
export type ParamsSchema = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends IntegerOption | NumberOption
  ? number
  : O extends ToggleOption
    ? boolean
    : O extends ChoiceOption<infer T>
      ? T
      : O extends IntegersOption
        ? readonly number[]
        : never;
export type ParamsOf<S extends ParamsSchema> = { readonly [K in keyof S]: ValueOf<S[K]> };
export type ParamValue = number | boolean | string | readonly number[];
export type ParamValues = Readonly<Record<string, ParamValue>>;

export const integer = (o: Omit<IntegerOption, "kind">): IntegerOption => ({ kind: "integer", ...o });
export const number = (o: Omit<NumberOption, "kind">): NumberOption => ({ kind: "number", ...o });
export const toggle = (o: Omit<ToggleOption, "kind">): ToggleOption => ({ kind: "toggle", ...o });
export const choice = <const T extends string>(o: Omit<ChoiceOption<T>, "kind">): ChoiceOption<T> => ({
  kind: "choice",
  ...o,
});
export const integers = (o: Omit<IntegersOption, "kind">): IntegersOption => ({ kind: "integers", ...o });

/** One thing that was wrong with a value, and what was done about it. */
export interface ParamIssue {
  readonly key: string;
  readonly message: string;
}

const show = (v: unknown): string => (v === undefined ? "nothing" : JSON.stringify(v));

function readOption(o: Option, raw: unknown): { value: ParamValue; problem?: string } {
  switch (o.kind) {
    case "integer":
    case "number": {
      const v = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw;
      if (typeof v !== "number" || !Number.isFinite(v))
        return { value: o.default, problem: `expected a number, found ${show(raw)}; using ${o.default}` };
      const whole = o.kind === "integer" ? Math.round(v) : v;
      const clamped = Math.min(o.max, Math.max(o.min, whole));
      if (clamped !== v)
        return {
          value: clamped,
          problem: `expected ${o.kind} from ${o.min} to ${o.max}, found ${show(raw)}; using ${clamped}`,
        };
      return { value: clamped };
    }
    case "toggle":
      if (typeof raw === "boolean") return { value: raw };
      if (raw === "true" || raw === "false") return { value: raw === "true" };
      return { value: o.default, problem: `expected true or false, found ${show(raw)}; using ${o.default}` };
    case "choice":
      if (o.choices.some((c) => c.value === raw)) return { value: raw as string };
      return {
        value: o.default,
        problem: `expected one of ${o.choices.map((c) => c.value).join(", ")}, found ${show(raw)}; using ${o.default}`,
      };
    case "integers": {
      const list =
        typeof raw === "string"
          ? raw
              .split(/[\s,;x]+/)
              .filter(Boolean)
              .map(Number)
          : raw;
      if (
        !Array.isArray(list) ||
        list.length < 1 ||
        list.length > o.maxLength ||
        !list.every((v) => Number.isInteger(v) && v >= o.min && v <= o.max)
      )
        return {
          value: o.default,
          problem: `expected 1 to ${o.maxLength} integers from ${o.min} to ${o.max}, found ${show(raw)}; using ${o.default.join(",")}`,
        };
      return { value: list as number[] };
    }
  }
}

/** Values after one was changed in a form, with those that follow it and were not set otherwise. */
export function changeParam(
  schema: ParamsSchema,
  values: ParamValues,
  key: string,
  value: ParamValue,
): ParamValues {
  const changed = { ...values, [key]: value };
  for (const [other, option] of Object.entries(schema)) {
    const follows = option.kind === "number" && option.follows?.key === key ? option.follows.values : {};
    const to = follows[String(value)];
    if (to !== undefined && values[other] === follows[String(values[key])]) changed[other] = to;
  }
  return changed;
}

/**
 * Values for every key of the schema: what `raw` says where it is legal, a legal value near it or the default
 * otherwise, with one issue for each correction and each unknown key. Never throws.
 */
export function readParams<S extends ParamsSchema>(
  schema: S,
  raw: Readonly<Record<string, unknown>>,
): { values: ParamsOf<S>; issues: ParamIssue[] } {
  const issues: ParamIssue[] = [];
  const values: Record<string, ParamValue> = {};
  for (const [key, option] of Object.entries(schema)) {
    if (!Object.hasOwn(raw, key) || raw[key] === undefined) {
      values[key] = option.default;
      continue;
    }
    const { value, problem } = readOption(option, raw[key]);
    values[key] = value;
    if (problem) issues.push({ key, message: problem });
  }
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(schema, key))
      issues.push({
        key,
        message: `unknown setting; known ones are ${Object.keys(schema).join(", ") || "none"}`,
      });
  }
  return { values: values as ParamsOf<S>, issues };
}
