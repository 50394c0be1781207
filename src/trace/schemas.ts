/**
 * What each line of a trace file must look like, as valibot schemas typed against events.ts. Shapes only: which order
 * is legal and which numbers agree is for grammar.ts. Unknown fields are dropped, so newer writers may add some.
 */
import * as v from "valibot";
import { canvasSchemas } from "./canvas_schemas";
import { depthSchemas } from "./depth_schemas";
import type { TraceEvent, TraceKind } from "./events";

/** Bounds for input that wants to do harm; far above anything an engine writes. */
export const LIMITS = {
  /** UTF-16 units of a whole file. */
  fileLength: 256 * 2 ** 20,
  lines: 1_000_000,
  /** UTF-16 units of one line. */
  lineLength: 4 * 2 ** 20,
  /** Nodes of one tree, the anchor included. */
  nodes: 4096,
  /** Tokens of a text. */
  tokens: 2 ** 20,
  candidates: 4096,
  step: 2 ** 24,
  /** Largest token id. */
  token: 2 ** 31 - 1,
  nameLength: 1000,
  textLength: 2 ** 20,
  params: 200,
  /** Models of one run. */
  models: 2,
} as const;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const step = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LIMITS.step));
const token = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LIMITS.token));
const finite = v.pipe(v.number(), v.finite());
const name = v.pipe(v.string(), v.maxLength(LIMITS.nameLength));
const text = v.pipe(v.string(), v.maxLength(LIMITS.textLength));
const upTo = <T extends v.GenericSchema>(most: number, item: T) => v.pipe(v.array(item), v.maxLength(most));
const tokens = upTo(LIMITS.tokens, token);
const base = { step, ms: finite };

const shared = { limits: LIMITS, base, count, token, finite, name };

const model = v.picklist(["target", "draft"]);
const paramValue = v.union([v.boolean(), finite, name, upTo(LIMITS.nameLength, finite)]);
const sampler = v.object({
  temperature: finite,
  topK: finite,
  topP: finite,
  minP: finite,
  repetitionPenalty: finite,
});
const node = v.object({
  id: count,
  parent: v.pipe(v.number(), v.safeInteger(), v.minValue(-1)),
  depth: count,
  sibling: v.pipe(count, v.maxValue(LIMITS.nodes)),
  token,
  logq: finite,
  phi: finite,
  perturbed: finite,
});
const verdict = v.object({
  id: count,
  logp: finite,
  r: finite,
  d: finite,
  acceptProb: finite,
  u: v.nullable(finite),
  outcome: v.picklist(["accepted", "rejected", "not_reached"]),
});
const origin = v.picklist(["target", "accepted", "residual", "bonus"]);
const begin = v.object({
  step,
  tokens: upTo(LIMITS.tokens, v.nullable(token)),
  forced: upTo(LIMITS.tokens, count),
});
const keptModel = v.object({ model: name, storage: name, cacheStorage: name });
const error = v.object({
  code: v.picklist(["unsupported", "device_lost", "shader", "limit", "load", "method", "cancelled"]),
  message: text,
  detail: v.exactOptional(text),
});

type Schemas = { readonly [K in TraceKind]: v.GenericSchema<unknown, Extract<TraceEvent, { kind: K }>> };

/** One schema for each kind of event. */
export const EVENT_SCHEMAS: Schemas = {
  run_start: v.object({
    kind: v.literal("run_start"),
    ...base,
    version: count,
    method: name,
    model: name,
    draft: v.nullable(name),
    params: v.pipe(v.record(name, paramValue), v.maxEntries(LIMITS.params)),
    sampler,
    seed: finite,
    maxNewTokens: count,
    prompt: text,
    promptTokens: tokens,
    // Writers before branches left it out.
    begin: v.optional(v.nullable(begin), null),
    // Ways of keeping a model that are not known here are names too.
    kept: v.exactOptional(upTo(LIMITS.models, keptModel)),
    adapter: name,
  }),
  prefill: v.object({ kind: v.literal("prefill"), ...base, tokens: count }),
  candidates: v.object({
    kind: v.literal("candidates"),
    ...base,
    of: model,
    node: v.nullable(count),
    position: count,
    top: upTo(LIMITS.candidates, v.tuple([token, finite])),
  }),
  draft: v.object({
    kind: v.literal("draft"),
    ...base,
    law: v.picklist(["point", "chain", "iid", "wor", "iidPaths"]),
    nodes: upTo(LIMITS.nodes, node),
  }),
  verify: v.object({
    kind: v.literal("verify"),
    ...base,
    rule: v.picklist(["greedy", "recursive_rejection", "multi_round", "k_seq", "sample_and_match"]),
    lossless: v.boolean(),
    verdicts: upTo(LIMITS.nodes, verdict),
    path: upTo(LIMITS.nodes, count),
    extra: v.picklist(["bonus", "residual", "argmax"]),
  }),
  commit: v.object({
    kind: v.literal("commit"),
    ...base,
    positions: upTo(LIMITS.tokens, count),
    tokens,
    origins: upTo(LIMITS.tokens, origin),
    logprobs: upTo(LIMITS.tokens, finite),
    nodes: upTo(LIMITS.tokens, v.nullable(count)),
  }),
  retract: v.object({ kind: v.literal("retract"), ...base, from: count }),
  state: v.object({
    kind: v.literal("state"),
    ...base,
    of: model,
    base: count,
    written: count,
    moves: upTo(LIMITS.nodes, v.tuple([count, count])),
    kept: count,
  }),
  cost: v.object({
    kind: v.literal("cost"),
    ...base,
    targetForwards: count,
    targetRows: count,
    draftForwards: count,
    draftRows: count,
    dispatches: count,
    submits: count,
    readbacks: count,
    coreForwards: v.exactOptional(count),
    coreRows: v.exactOptional(count),
  }),
  kernel_time: v.object({
    kind: v.literal("kernel_time"),
    ...base,
    kernels: upTo(LIMITS.nodes, v.object({ name, calls: count, timeMs: finite })),
  }),
  pieces: v.object({
    kind: v.literal("pieces"),
    ...base,
    tokens,
    texts: upTo(LIMITS.tokens, text),
    partial: upTo(LIMITS.tokens, v.tuple([token, upTo(LIMITS.nameLength, v.pipe(count, v.maxValue(255)))])),
  }),
  ...canvasSchemas(shared),
  ...depthSchemas(shared),
  warning: v.object({ kind: v.literal("warning"), ...base, message: text }),
  run_end: v.object({
    kind: v.literal("run_end"),
    ...base,
    reason: v.picklist(["end_token", "max_tokens", "context_full", "cancelled", "error"]),
    hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/, "eight hexadecimal digits")),
    error: v.nullable(error),
  }),
};

/** What lines of every kind have, those of kinds unknown here too. */
export const ANY_EVENT = v.object({ kind: name, ...base });

/** The first line, before anything else is read of it: tells whether the rest can be understood. */
export const HEADER = v.object({ kind: v.literal("run_start"), version: count });
