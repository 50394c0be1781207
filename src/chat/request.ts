/** Requests in OpenAI's shape, read with suspicion and turned into what the engine is asked. */
import * as v from "valibot";
import { DecoscopeError } from "../base/errors";
import type { ChatRequest } from "./protocol";

const content = v.union([
  v.string(),
  v.array(v.strictObject({ type: v.literal("text"), text: v.string() })),
  v.null(),
]);
const tokenList = v.array(v.pipe(v.number(), v.integer(), v.minValue(0)));
const between = (min: number, max: number) => v.pipe(v.number(), v.minValue(min), v.maxValue(max));
const whole = (min: number, max: number) => v.pipe(between(min, max), v.integer());
const off = (value: number) => v.nullish(v.literal(value));

const message = v.strictObject({
  role: v.picklist(["system", "developer", "user", "assistant"]),
  content,
  name: v.optional(v.string()),
  refusal: v.nullish(v.string()),
  reasoning_content: v.nullish(v.string()),
  token_ids: v.nullish(tokenList),
});

const schema = v.strictObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  messages: v.pipe(v.array(message), v.nonEmpty()),
  stream: v.nullish(v.boolean(), false),
  stream_options: v.nullish(v.strictObject({ include_usage: v.nullish(v.boolean(), false) })),
  temperature: v.nullish(between(0, 100), 1),
  top_p: v.nullish(v.pipe(between(0, 1), v.gtValue(0)), 1),
  seed: v.nullish(whole(0, 0xffffffff)),
  stop: v.nullish(
    v.union([
      v.pipe(v.string(), v.nonEmpty()),
      v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.maxLength(16)),
    ]),
  ),
  max_tokens: v.nullish(whole(1, 1e6)),
  max_completion_tokens: v.nullish(whole(1, 1e6)),
  response_format: v.nullish(
    v.variant("type", [
      v.strictObject({ type: v.literal("text") }),
      v.strictObject({ type: v.literal("json_object") }),
      v.strictObject({
        type: v.literal("json_schema"),
        json_schema: v.strictObject({
          name: v.optional(v.string()),
          description: v.optional(v.string()),
          strict: v.nullish(v.boolean()),
          schema: v.unknown(),
        }),
      }),
    ]),
  ),
  logprobs: v.nullish(v.boolean(), false),
  top_logprobs: v.nullish(whole(0, 20)),
  n: off(1),
  presence_penalty: off(0),
  frequency_penalty: off(0),
  user: v.optional(v.string()),
  // Beyond OpenAI's, in the words of servers that have them.
  top_k: v.nullish(whole(0, 1e6), 0),
  min_p: v.nullish(between(0, 1), 0),
  repetition_penalty: v.nullish(v.pipe(between(0, 100), v.gtValue(0)), 1),
  chat_template_kwargs: v.nullish(v.strictObject({ enable_thinking: v.optional(v.boolean()) })),
  // Ours.
  template: v.nullish(v.picklist(["model", "plain"]), "model"),
  trace: v.nullish(v.picklist(["none", "light", "full"]), "none"),
});

/** What `chat.completions.create` takes; docs/api.md says what each field does. */
export type CompletionRequest = Frozen<v.InferInput<typeof schema>>;

/** Nothing that is given is changed. */
type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

export interface ReadRequest {
  readonly request: ChatRequest;
  readonly isStream: boolean;
  readonly hasUsage: boolean;
}

const textOf = (value: v.InferOutput<typeof content>): string =>
  typeof value === "string" ? value : (value ?? []).map((part) => part.text).join("");

/** @throws DecoscopeError "method" that names each field that is wrong, or that is not known here */
export function readRequest(given: unknown): ReadRequest {
  const result = v.safeParse(schema, given);
  if (!result.success) {
    const lines = result.issues.map((issue) => {
      const field = v.getDotPath(issue) ?? "the request";
      return `${field}: expected ${issue.expected ?? issue.type}, found ${issue.received}`;
    });
    throw new DecoscopeError(
      "method",
      `The chat request cannot be read: ${lines.slice(0, 6).join("; ")}.`,
      lines.join("\n"),
    );
  }
  const r = result.output;
  if (r.top_logprobs != null && !r.logprobs)
    throw new DecoscopeError(
      "method",
      "top_logprobs lists what stands beside logprobs: expected logprobs to be true.",
    );
  const format = r.response_format?.type ?? "text";
  return {
    isStream: r.stream,
    hasUsage: r.stream_options?.include_usage === true,
    request: {
      model: r.model,
      messages: r.messages.map(({ role, content: said, token_ids: tokens }) => ({
        role: role === "developer" ? "system" : role,
        content: textOf(said),
        ...(tokens && { tokens }),
      })),
      sampler: {
        temperature: r.temperature,
        topK: r.top_k,
        topP: r.top_p,
        minP: r.min_p,
        repetitionPenalty: r.repetition_penalty,
      },
      // Without one, every answer is another.
      seed: r.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
      maxNewTokens: r.max_completion_tokens ?? r.max_tokens ?? null,
      stops: typeof r.stop === "string" ? [r.stop] : (r.stop ?? []),
      thinks: r.chat_template_kwargs?.enable_thinking ?? null,
      template: r.template,
      format:
        format === "text"
          ? null
          : r.response_format?.type === "json_schema"
            ? { kind: "schema", schema: r.response_format.json_schema.schema }
            : { kind: "json" },
      topLogprobs: r.logprobs ? (r.top_logprobs ?? 0) : null,
      trace: r.trace,
    },
  };
}
