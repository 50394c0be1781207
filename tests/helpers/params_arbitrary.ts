/** Legal values for any option schema, for property tests. */
import fc from "fast-check";
import type { Option, ParamsSchema, ParamValue, ParamValues } from "../../src/base/params";

function valueOf(option: Option): fc.Arbitrary<ParamValue> {
  switch (option.kind) {
    case "integer":
      return fc.integer({ min: option.min, max: option.max });
    case "number":
      // JSON knows no negative zero.
      return fc.double({ min: option.min, max: option.max, noNaN: true }).map((x) => x + 0);
    case "toggle":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...option.choices.map((c) => c.value));
    case "integers":
      return fc.array(fc.integer({ min: option.min, max: option.max }), {
        minLength: 1,
        maxLength: option.maxLength,
      });
  }
}

/** Values for every key, each often its default. */
export const legalParams = (schema: ParamsSchema): fc.Arbitrary<ParamValues> =>
  fc.record(
    Object.fromEntries(
      Object.entries(schema).map(([key, option]): [string, fc.Arbitrary<ParamValue>] => [
        key,
        fc.oneof(fc.constant(option.default), valueOf(option)),
      ]),
    ),
  );
