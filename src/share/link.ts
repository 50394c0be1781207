/**
 * Settings to the fragment of a URL and back: "v1.<settings>" or "v1.<settings>.<trace>", each part compressed
 * base64url. Only what differs from defaults is written. Links are read with suspicion: whatever is wrong in one
 * becomes an issue for people to see and a default, never an error, and nothing in a link is ever run or fetched.
 */
import { DecoscopeError } from "../base/errors";
import {
  readParams,
  type IntegerOption,
  type ParamIssue,
  type ParamsOf,
  type ParamsSchema,
  type ParamValues,
} from "../base/params";
import { packText, unpackText } from "./compress";
import { LINK_VERSION, migrate, type RawLink } from "./migrations";

/** As RunBegin in trace/events.ts: tokens after the prompt, null for positions to fill in, and which of them were forced. */
export interface LinkBegin {
  readonly step: number;
  readonly tokens: readonly (number | null)[];
  readonly forced: readonly number[];
}

/** As KeptModel in trace/events.ts: in how many bits a model of the run was kept, in the engine's own words. */
export interface LinkKept {
  readonly model: string;
  readonly storage: string;
  readonly cacheStorage: string;
}

/** Everything a link can hold but a trace. `S` is the schema of the sampler. */
export interface LinkContents<S extends ParamsSchema = ParamsSchema> {
  readonly model: string;
  readonly draft: string | null;
  readonly method: string;
  readonly params: ParamValues;
  readonly sampler: ParamsOf<S>;
  readonly prompt: string;
  /** What the run begins with after its prompt: a branch of another run. Null for nothing. */
  readonly begin: LinkBegin | null;
  readonly seed: number;
  readonly maxNewTokens: number;
  /** Open drawings, by their id. */
  readonly views: readonly string[];
  /** Hash of the new tokens of the run that was shared, as in its run_end; null if it was not finished. */
  readonly hash: string | null;
  /** How the shared run's models were kept where that was not in f32. Said to people; how a model is kept is the device's own choice. */
  readonly kept: readonly LinkKept[];
}

/** What a link is written and read against. */
export interface LinkContext<S extends ParamsSchema = ParamsSchema> {
  /** What a link that does not say means. Other defaults are those of the schemas. */
  readonly defaults: Pick<LinkContents, "model" | "draft" | "method" | "prompt" | "views">;
  /** Schema of a method's parameters; undefined for ids that are no method. */
  readonly paramsOf: (method: string) => ParamsSchema | undefined;
  readonly sampler: S;
  readonly run: { readonly seed: IntegerOption; readonly maxNewTokens: IntegerOption };
  /** Whether the page can offer this model; without it any id is taken, and the page must ask before it loads one. */
  readonly isModel?: (id: string) => boolean;
}

export interface DecodedLink<S extends ParamsSchema = ParamsSchema> {
  /** "none": there was nothing to read. "unreadable": `contents` are defaults. */
  readonly status: "none" | "read" | "unreadable";
  readonly contents: LinkContents<S>;
  /** A trace file in UTF-8, not checked in any way; null without one. */
  readonly trace: Uint8Array<ArrayBuffer> | null;
  /** What was wrong, by field, and what was taken instead. For people. */
  readonly issues: readonly ParamIssue[];
}

/** Bounds for links that want to do harm. */
export const LINK_LIMITS = {
  /** Characters of a fragment. */
  fragmentLength: 32 * 2 ** 20,
  /** Bytes of the settings, and of the trace, once decompressed. */
  settingsBytes: 2 ** 20,
  traceBytes: 64 * 2 ** 20,
  promptLength: 2 ** 18,
  /** Tokens that a run begins with. */
  beginTokens: 2 ** 16,
  idLength: 200,
  views: 8,
  /** Models of which is said how they were kept, and letters of a word that says it. */
  kept: 8,
  storageLength: 16,
} as const;

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Values of the schema that are not its defaults; undefined if there are none. */
function changed(
  schema: ParamsSchema,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const entries = Object.entries(schema)
    .filter(([key, option]) => values[key] !== undefined && !isSame(values[key], option.default))
    .map(([key]) => [key, values[key]]);
  return entries.length > 0 ? (Object.fromEntries(entries) as Record<string, unknown>) : undefined;
}

/**
 * The fragment, without "#", that opens as these settings. `trace` is the text of a trace file in UTF-8.
 * Parameters of a method unknown to the context are left out.
 */
export function encodeLink<S extends ParamsSchema>(
  contents: LinkContents<S>,
  context: LinkContext<S>,
  trace?: Uint8Array,
): string {
  const { defaults } = context;
  const raw: Record<string, unknown> = {};
  for (const key of ["model", "draft", "method", "prompt", "views"] as const)
    if (!isSame(contents[key], defaults[key])) raw[key] = contents[key];
  const params = changed(context.paramsOf(contents.method) ?? {}, contents.params);
  const sampler = changed(context.sampler, contents.sampler);
  if (params) raw["params"] = params;
  if (sampler) raw["sampler"] = sampler;
  Object.assign(raw, changed(context.run, { seed: contents.seed, maxNewTokens: contents.maxNewTokens }));
  if (contents.begin !== null) raw["begin"] = contents.begin;
  if (contents.hash !== null) raw["hash"] = contents.hash;
  if (contents.kept.length > 0) raw["kept"] = contents.kept;
  const settings = packText(new TextEncoder().encode(JSON.stringify(raw)));
  return `v${LINK_VERSION}.${settings}${trace ? `.${packText(trace)}` : ""}`;
}

const defaultsOf = <S extends ParamsSchema>(context: LinkContext<S>): LinkContents<S> => ({
  ...context.defaults,
  params: readParams(context.paramsOf(context.defaults.method) ?? {}, {}).values,
  sampler: readParams(context.sampler, {}).values,
  ...readParams(context.run, {}).values,
  begin: null,
  hash: null,
  kept: [],
});

/** Reads one value after another and keeps what was wrong. */
class Reader {
  readonly issues: ParamIssue[] = [];

  constructor(private readonly raw: RawLink) {}

  report(key: string, message: string): void {
    this.issues.push({ key, message });
  }

  /** The value of `key` if it is there and right, the default otherwise. */
  read<T>(key: string, expected: string, isRight: (value: unknown) => value is T, fallback: T): T {
    const value = Object.hasOwn(this.raw, key) ? this.raw[key] : undefined;
    if (value === undefined) return fallback;
    if (isRight(value)) return value;
    this.report(key, `expected ${expected}, found ${show(value)}; using ${show(fallback)}`);
    return fallback;
  }

  /** Values for a schema from the object under `key`, or from the link itself without a key. */
  params<S extends ParamsSchema>(schema: S, key?: string): ParamsOf<S> {
    const empty: Readonly<Record<string, unknown>> = {};
    const given = key ? this.read(key, "an object", isRecord, empty) : pick(this.raw, Object.keys(schema));
    const { values, issues } = readParams(schema, given);
    for (const issue of issues) this.report(key ? `${key}.${issue.key}` : issue.key, issue.message);
    return values;
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const pick = (raw: RawLink, keys: readonly string[]): RawLink =>
  Object.fromEntries(keys.filter((key) => Object.hasOwn(raw, key)).map((key) => [key, raw[key]]));

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Ids stand in menus and messages: short, visible, on one line. */
const isId = (value: unknown): value is string =>
  typeof value === "string" && value.length <= LINK_LIMITS.idLength && /^[\w][\w.:/@ +-]*$/.test(value);
const isPrompt = (value: unknown): value is string =>
  typeof value === "string" && value.length <= LINK_LIMITS.promptLength;
const isViews = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= LINK_LIMITS.views && value.every(isId);
const isHash = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{8}$/.test(value);

/** Storage types are engine's words, which may be newer than this page: short, of letters and digits. */
const isStorage = (value: unknown): value is string =>
  typeof value === "string" && value.length <= LINK_LIMITS.storageLength && /^[a-z][a-z0-9]*$/.test(value);
const isKept = (value: unknown): value is readonly LinkKept[] =>
  Array.isArray(value) &&
  value.length <= LINK_LIMITS.kept &&
  value.every(
    (entry) =>
      isRecord(entry) &&
      isId(entry["model"]) &&
      isStorage(entry["storage"]) &&
      isStorage(entry["cacheStorage"]),
  );

const isCount = (value: unknown, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
function isBegin(value: unknown): value is LinkBegin {
  if (!isRecord(value) || !isCount(value["step"], 2 ** 24)) return false;
  const { tokens, forced } = value;
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > LINK_LIMITS.beginTokens) return false;
  if (!tokens.every((token) => token === null || isCount(token, 2 ** 31 - 1))) return false;
  if (!Array.isArray(forced)) return false;
  const indices = forced as readonly unknown[];
  return indices.every(
    (index, i) =>
      isCount(index, tokens.length - 1) &&
      tokens[index] !== null &&
      (i === 0 || index > (indices[i - 1] as number)),
  );
}

const FIELDS: readonly string[] = [
  "model",
  "draft",
  "method",
  "params",
  "sampler",
  "prompt",
  "begin",
  "seed",
  "maxNewTokens",
  "views",
  "hash",
  "kept",
];

function readContents<S extends ParamsSchema>(
  raw: RawLink,
  context: LinkContext<S>,
): { contents: LinkContents<S>; issues: readonly ParamIssue[] } {
  const reader = new Reader(raw);
  const { defaults } = context;
  const isModel = (id: unknown): id is string => isId(id) && (context.isModel?.(id) ?? true);
  const isDraft = (id: unknown): id is string | null => id === null || isModel(id);
  const isMethod = (id: unknown): id is string => isId(id) && context.paramsOf(id) !== undefined;

  const method = reader.read("method", "a method this page has", isMethod, defaults.method);
  // Parameters belong to the method they were written for; another one gets its defaults.
  const isAsked = raw["method"] === undefined || raw["method"] === method;
  const schema = context.paramsOf(method) ?? {};
  const model = reader.read("model", "a model this page has", isModel, defaults.model);
  const begin = reader.read<LinkBegin | null>(
    "begin",
    "a step, given tokens and which of them were forced",
    isBegin,
    null,
  );
  const contents: LinkContents<S> = {
    model,
    draft: reader.read("draft", "a model this page has, or null", isDraft, defaults.draft),
    method,
    params: isAsked ? reader.params(schema, "params") : readParams(schema, {}).values,
    sampler: reader.params(context.sampler, "sampler"),
    prompt: reader.read(
      "prompt",
      `text of at most ${LINK_LIMITS.promptLength} characters`,
      isPrompt,
      defaults.prompt,
    ),
    // Ids of tokens mean nothing to another model.
    begin: raw["model"] === undefined || raw["model"] === model ? begin : null,
    ...reader.params(context.run),
    views: reader.read("views", `at most ${LINK_LIMITS.views} ids of views`, isViews, defaults.views),
    hash: reader.read<string | null>("hash", "eight hexadecimal digits", isHash, null),
    kept: reader.read("kept", "models and how they were kept", isKept, []),
  };
  for (const key of Object.keys(raw))
    if (!FIELDS.includes(key)) reader.report(key, `unknown field; known ones are ${FIELDS.join(", ")}`);
  return { contents, issues: reader.issues };
}

/** @throws DecoscopeError, or whatever JSON.parse and migrations throw, for parts that are damaged */
function readRaw(part: string, version: number): RawLink {
  const text = new TextDecoder().decode(unpackText(part, LINK_LIMITS.settingsBytes));
  const raw: unknown = JSON.parse(text);
  if (!isRecord(raw)) throw new DecoscopeError("load", `expected an object of settings, found ${show(raw)}`);
  return migrate(raw, version);
}

const reason = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** What links lose or gain on their way through mails and chats: a "#", spaces, a bracket or full stop at the end. */
const trimmed = (fragment: string): string =>
  fragment
    .trim()
    .replace(/^#/, "")
    .replace(/[^\w-]+$/, "");

/**
 * The settings (and the trace) of a URL's fragment, with or without its "#". Never throws: see {@link DecodedLink}.
 * The trace is only decompressed; it has to be read as any file from a stranger.
 */
export function decodeLink<S extends ParamsSchema>(
  fragment: string,
  context: LinkContext<S>,
): DecodedLink<S> {
  const nothing = (status: "none" | "unreadable", issues: ParamIssue[]): DecodedLink<S> => ({
    status,
    contents: defaultsOf(context),
    trace: null,
    issues,
  });
  if (fragment.length > LINK_LIMITS.fragmentLength)
    return nothing("unreadable", [
      {
        key: "link",
        message: `expected at most ${LINK_LIMITS.fragmentLength} characters, found ${fragment.length}`,
      },
    ]);
  const text = trimmed(fragment);
  if (text === "") return nothing("none", []);

  const [, digits, settings, trace] = /^v(\d{1,6})\.([\w-]+)(?:\.([\w-]+))?$/.exec(text) ?? [];
  if (digits === undefined || settings === undefined)
    return nothing("unreadable", [
      {
        key: "link",
        message: `expected "v${LINK_VERSION}." and base64url text, found ${show(text)}; using defaults`,
      },
    ]);
  const version = Number(digits);
  if (version < 1 || version > LINK_VERSION) {
    const message =
      `expected link version ${LINK_VERSION === 1 ? "1" : `1 to ${LINK_VERSION}`}, found ${version}; ` +
      "using defaults. Reload the page, or open the link in a newer Decoscope";
    return nothing("unreadable", [{ key: "link", message }]);
  }

  let raw: RawLink;
  try {
    raw = readRaw(settings, version);
  } catch (thrown) {
    return nothing("unreadable", [
      { key: "link", message: `the settings of this link are damaged: ${reason(thrown)}; using defaults` },
    ]);
  }
  const { contents, issues } = readContents(raw, context);
  if (trace === undefined) return { status: "read", contents, trace: null, issues };
  try {
    return { status: "read", contents, trace: unpackText(trace, LINK_LIMITS.traceBytes), issues };
  } catch (thrown) {
    const message = `the trace of this link is damaged: ${reason(thrown)}; run the settings again instead`;
    return { status: "read", contents, trace: null, issues: [...issues, { key: "trace", message }] };
  }
}
