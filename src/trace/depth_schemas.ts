/** Schemas of the events in depth_events.ts, made from the parts that schemas.ts shares. */
import * as v from "valibot";
import type { SchemaParts } from "./canvas_schemas";

/** One schema for each kind. */
export function depthSchemas({ limits, base, count, token, finite }: SchemaParts) {
  const upTo = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.maxLength(limits.tokens));
  const positions = upTo(count);
  const numbers = upTo(finite);
  return {
    recur: v.object({
      kind: v.literal("recur"),
      ...base,
      recurrence: count,
      positions,
      relChange: numbers,
      cosine: numbers,
      gate: v.exactOptional(numbers),
      exit: v.exactOptional(numbers),
      kl: v.exactOptional(numbers),
      minPKl: v.exactOptional(numbers),
      entropy: v.exactOptional(numbers),
      argmax: v.exactOptional(upTo(token)),
      top: v.exactOptional(upTo(v.pipe(v.array(v.tuple([token, finite])), v.maxLength(limits.candidates)))),
      exited: positions,
      kvEntries: count,
      bankEntries: v.exactOptional(count),
    }),
    depth: v.object({
      kind: v.literal("depth"),
      ...base,
      position: count,
      depth: count,
      maxDepth: count,
      reason: v.picklist(["converged", "cap", "forced", "router", "chosen", "gate"]),
      gate: v.exactOptional(finite),
      law: v.exactOptional(numbers),
    }),
    wave: v.object({
      kind: v.literal("wave"),
      ...base,
      anchor: count,
      width: count,
      draftFrom: count,
      tokens: upTo(token),
      relChange: upTo(v.nullable(finite)),
      acceleration: v.exactOptional(upTo(v.nullable(finite))),
      unchanged: positions,
      recurrences: positions,
      frozenTo: count,
      added: count,
    }),
  };
}
