/** Schemas of the events in canvas_events.ts, made from the parts that schemas.ts shares. */
import * as v from "valibot";

/** What schemas of other files are made from. */
export interface SchemaParts {
  readonly limits: { readonly tokens: number; readonly candidates: number; readonly nameLength: number };
  readonly base: {
    readonly step: v.GenericSchema<unknown, number>;
    readonly ms: v.GenericSchema<unknown, number>;
  };
  readonly count: v.GenericSchema<unknown, number>;
  readonly token: v.GenericSchema<unknown, number>;
  readonly finite: v.GenericSchema<unknown, number>;
  readonly name: v.GenericSchema<string, string>;
}

/** One schema for each kind of canvas event. */
export function canvasSchemas({ limits, base, count, token, finite, name }: SchemaParts) {
  const upTo = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.maxLength(limits.tokens));
  const positions = upTo(count);
  const tokens = upTo(token);
  const numbers = upTo(finite);
  const ranges = upTo(v.tuple([count, count]));
  return {
    canvas: v.object({
      kind: v.literal("canvas"),
      ...base,
      tokens,
      masked: ranges,
      mask: token,
      layers: count,
      planned: v.nullable(count),
    }),
    denoise: v.object({
      kind: v.literal("denoise"),
      ...base,
      block: v.tuple([count, count]),
      computed: ranges,
      refreshed: v.boolean(),
      reused: v.boolean(),
    }),
    scores: v.object({
      kind: v.literal("scores"),
      ...base,
      positions,
      tokens,
      logprobs: numbers,
      best: tokens,
      second: tokens,
      gaps: numbers,
      margins: numbers,
      entropies: numbers,
      priorities: numbers,
      top: upTo(v.pipe(v.array(v.tuple([token, finite])), v.maxLength(limits.candidates))),
    }),
    judge: v.object({
      kind: v.literal("judge"),
      ...base,
      positions,
      tokens,
      logprobs: numbers,
      ranks: positions,
      accepted: count,
    }),
    unmask: v.object({
      kind: v.literal("unmask"),
      ...base,
      positions,
      tokens,
      logprobs: numbers,
      reason: v.picklist([
        "ranked",
        "threshold",
        "factor",
        "entropy_bound",
        "ascending",
        "random",
        "guided",
        "all_in",
        "end_fill",
      ]),
    }),
    remask: v.object({
      kind: v.literal("remask"),
      ...base,
      positions,
      reason: v.picklist(["low_confidence", "schedule"]),
    }),
    probe: v.object({
      kind: v.literal("probe"),
      ...base,
      name,
      values: v.pipe(v.record(name, finite), v.maxEntries(limits.nameLength)),
    }),
  };
}
