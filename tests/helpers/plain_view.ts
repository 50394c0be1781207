/** Views as plain data, so that two can be compared by what they show and not by how they are shared. */
import { Vector } from "../../src/trace/persistent";

/** The value with every Vector in it turned into an array. */
export function plain(value: unknown): unknown {
  if (value instanceof Vector) return value.toArray().map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** Freezes a value and all it holds; writing to it then throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
