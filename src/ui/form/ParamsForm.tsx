/** A form made from an option schema. */
import type { ParamsSchema, ParamValue, ParamValues } from "../../base/params";
import { Field } from "./fields";

interface ParamsFormProps {
  readonly schema: ParamsSchema;
  readonly values: ParamValues;
  readonly onChange: (key: string, value: ParamValue) => void;
}

/** Controls in the order of the schema. */
export function ParamsForm({ schema, values, onChange }: ParamsFormProps) {
  return Object.entries(schema).map(([key, option]) => (
    <Field
      key={key}
      option={option}
      value={values[key] ?? option.default}
      onChange={(v) => onChange(key, v)}
    />
  ));
}
