/** One run: settings in, trace events out. The worker and the headless runner both drive it; methods never see it. */
import { DecoscopeError, toErrorRecord } from "../base/errors";
import { readParams } from "../base/params";
import { findMethod } from "../decoding";
import type { LawListener, Method, TokenFilter } from "../decoding/method";
import { checkPrompt } from "../decoding/prompt";
import type { Profiler } from "../engine/profiler";
import type { GpuCanvasSession } from "../runtime/canvas_session";
import type { GpuDepthSession } from "../runtime/recurrent_session";
import { type GpuModel, maskTokenOf } from "../runtime/gpu_model";
import { GpuSession, type SessionOptions } from "../runtime/session";
import type { MethodEvent, RunBegin, SamplerSettings, StopReason, TraceEvent } from "../trace/events";
import { TRACE_VERSION } from "../trace/events";
import { hashTokens } from "../trace/hash";
import type { RunSettings } from "./api";
import { canvasBeginning, givenTokens } from "./begin";
import { keptOf, type EngineHost, type HostedModel } from "./host";
import { PieceTeller } from "./pieces";
import { RunText } from "./run_text";

/** Raised by the driver to end a run at its next event. */
export interface RunControl {
  cancelled: boolean;
}

/** Counts of the session behind a run, kept up to date while it runs. */
export interface RunCounts {
  dispatches: number;
  submits: number;
  readbacks: number;
  bytesUploaded: number;
}

/** Keeps the memory of a text for runs that begin like it. */
export interface SessionKeeper {
  open(options: SessionOptions): Promise<GpuSession>;
  /** @param text what was committed; null if that is not known, as after a failure */
  giveBack(session: GpuSession, text: readonly number[] | null): void;
}

/** What a run may be given beside its settings. */
export interface RunExtras {
  readonly keeper?: SessionKeeper;
  readonly filter?: TokenFilter | null;
  readonly laws?: LawListener | null;
}

interface Prepared {
  readonly method: Method;
  readonly params: ReturnType<typeof readParams>;
  readonly target: HostedModel;
  readonly draft: HostedModel | null;
  readonly promptTokens: readonly number[];
  /** Tokens after the prompt that a text has from the start; those of a canvas stand in `begin`. */
  readonly given: readonly number[];
  readonly begin: RunBegin | null;
  readonly maxNewTokens: number;
}

/** Passes of the profiler before its times are collected. */
const COLLECT_AFTER = 1024;

/** Smallest temperature above 0: below it, differences of logits leave the range of f32. */
const LEAST_TEMPERATURE = 0.01;

/** @throws DecoscopeError "method" naming the setting, its range and what was found */
function checkSampler(s: SamplerSettings): void {
  const check = (name: string, value: number, isLegal: boolean, range: string): void => {
    if (!Number.isFinite(value) || !isLegal)
      throw new DecoscopeError(
        "method",
        `Expected ${name} ${range}, found ${value}. Change it and run again.`,
      );
  };
  const { temperature, topK, topP, minP, repetitionPenalty } = s;
  const isWarm = temperature === 0 || temperature >= LEAST_TEMPERATURE;
  check(
    "a temperature",
    temperature,
    isWarm && temperature <= 100,
    `of 0 or from ${LEAST_TEMPERATURE} to 100`,
  );
  check("top-k", topK, Number.isInteger(topK) && topK >= 0, "to be a whole number, 0 for all");
  check("top-p", topP, topP > 0 && topP <= 1, "above 0 and at most 1");
  check("min-p", minP, minP >= 0 && minP <= 1, "from 0 to 1");
  check(
    "a repetition penalty",
    repetitionPenalty,
    repetitionPenalty > 0 && repetitionPenalty <= 100,
    "above 0 and at most 100",
  );
}

/** @throws DecoscopeError "method" if a method that fills masks is asked of a model that appends, or the other way round */
function checkKind(method: Method, model: HostedModel["gpu"], id: string): void {
  const needsMasks = method.requires.startsWith("masked");
  if (needsMasks === (model.masked !== null)) return;
  const [wants, is] = needsMasks
    ? ["fills masks", "appends to a text"]
    : ["appends to a text", "fills masks"];
  throw new DecoscopeError(
    "method",
    `${method.label} ${wants}, and ${id} ${is}. Choose another model or method.`,
  );
}

/** @throws DecoscopeError "method" if a model keeps its text in a way that no token can be taken back from */
function checkSlots(method: Method, { gpu, id }: HostedModel): void {
  if (!gpu.keepsState) return;
  throw new DecoscopeError(
    "method",
    `${method.label} takes tokens back, and ${id} keeps a text as one state that only goes on. Choose another model, or Autoregressive.`,
  );
}

/** What keeps two models from reading the same ids; null if nothing does. */
function vocabularyDifference(target: HostedModel, draft: HostedModel): string | null {
  const both = [target, draft];
  const [a, b] = both.map((m) => m.gpu.facts.vocabSize);
  if (a !== b) return `${target.id} has ${a} tokens, ${draft.id} has ${b}`;
  const id = target.tokenizer.firstDifference(draft.tokenizer);
  if (id === null) return null;
  const [read, other] = both.map((m) => JSON.stringify(m.tokenizer.entry(id) ?? null));
  return `both have ${a} tokens, but token ${id} is ${read} to ${target.id} and ${other} to ${draft.id}`;
}

/** Checks settings against what is loaded. @throws DecoscopeError "method" with what to change */
async function prepare(
  host: EngineHost,
  settings: RunSettings,
  promptIds: readonly number[] | null,
): Promise<Prepared> {
  const method = findMethod(settings.method);
  if (!method)
    throw new DecoscopeError(
      "method",
      `There is no method called ${settings.method}. Choose one of the list.`,
    );
  const params = readParams(method.params, settings.params);
  const target = await host.model(settings.model);
  checkKind(method, target.gpu, target.id);
  checkRecurrent(method, target.gpu, target.id);
  let draft: HostedModel | null = null;
  if (method.requires.includes("+")) {
    if (settings.draft === null) {
      throw new DecoscopeError(
        "method",
        `${method.label} needs a second model and none was chosen. Choose one.`,
      );
    }
    draft = await host.model(settings.draft);
    const difference = vocabularyDifference(target, draft);
    if (difference)
      throw new DecoscopeError(
        "method",
        `The second model must share the target's vocabulary: ${difference}. Choose another pair.`,
      );
  }
  if (draft || method.depths || method.treeNodes(params.values as never) > 1)
    for (const model of [target, draft]) if (model) checkSlots(method, model);
  checkSampler(settings.sampler);
  const room = Math.min(target.gpu.maxContext, draft?.gpu.maxContext ?? Infinity);
  const shared = { method, params, target, draft };
  const { masked } = target.gpu;
  if (masked) {
    const facts = { ...target.gpu.facts, maskToken: maskTokenOf(target.gpu) };
    // Ids are taken as they are; with masks among them they are a prompt with gaps of their own.
    const beginning = promptIds
      ? { promptTokens: promptIds, begin: settings.begin, maxNewTokens: settings.maxNewTokens }
      : canvasBeginning(settings, target.tokenizer, facts);
    const { promptTokens, begin } = beginning;
    checkPrompt(promptTokens, facts, room);
    // Whether anything is left to fill in is known when the canvas is opened; here only whether the text is too long.
    const length = promptTokens.length + (begin?.tokens.length ?? 0);
    if (length > room)
      throw new DecoscopeError(
        "method",
        `The prompt and what is given behind it have ${length} positions; expected at most ${room} with this model. Shorten the prompt.`,
      );
    return { ...shared, ...beginning, given: [] };
  }
  const promptTokens = promptIds ?? target.tokenizer.encodePrompt(settings.prompt);
  const { begin, maxNewTokens } = settings;
  const given = givenTokens(begin, method, target.gpu.facts, maxNewTokens);
  checkPrompt([...promptTokens, ...given], target.gpu.facts, room);
  return { ...shared, promptTokens, given, begin, maxNewTokens };
}

/** Why a text ends with its given tokens; null if it goes on. */
function givenEnd(
  given: readonly number[],
  endTokens: readonly number[],
  maxNewTokens: number,
): StopReason | null {
  if (given.length > 0 && endTokens.includes(given.at(-1)!)) return "end_token";
  return given.length >= maxNewTokens ? "max_tokens" : null;
}

/** @throws DecoscopeError "method" if a method of recurrent depth is asked of a model of another kind */
function checkRecurrent(method: Method, { recurrence }: HostedModel["gpu"], id: string): void {
  const { requires } = method;
  if (requires !== "recurrent" && requires !== "routed") return;
  const found = recurrence === null ? null : recurrence.router ? "routed" : "recurrent";
  if (found === requires) return;
  const wants =
    requires === "routed"
      ? "a model whose router lets tokens into recursions"
      : "a model whose depth is recurrent and decided from outside";
  const is = {
    routed: "a router that decides",
    recurrent: "no router",
    none: "layers that run once",
  }[found ?? "none"];
  throw new DecoscopeError(
    "method",
    `${method.label} needs ${wants}, and ${id} has ${is}. Choose another model or method.`,
  );
}

/**
 * The memory of one run on the device. Code that few runs need is fetched with the first of them.
 * @throws DecoscopeError "limit"
 */
async function openSession(
  host: EngineHost,
  settings: RunSettings,
  { method, params, target, draft, promptTokens, given, begin, maxNewTokens }: Prepared,
  profiler: Profiler | null,
  keeper: SessionKeeper | undefined,
): Promise<GpuSession | GpuCanvasSession | GpuDepthSession> {
  const shared = { seed: settings.seed, tuning: host.tuning, profiler };
  if (method.requires.startsWith("masked")) {
    const { GpuCanvasSession } = await import("../runtime/canvas_session");
    return GpuCanvasSession.open(host.engine, {
      ...shared,
      model: target.gpu,
      guider: draft?.gpu ?? null,
      length: promptTokens.length + maxNewTokens,
    });
  }
  let pair: { readonly target: GpuModel; readonly draft: GpuModel | null } = {
    target: target.gpu,
    draft: draft?.gpu ?? null,
  };
  const { recurrence } = target.gpu;
  const needs = recurrence && method.needs?.(params.values as never, recurrence);
  if (needs) {
    const [{ GpuDepthSession }, { isDepthModel }] = await Promise.all([
      import("../runtime/recurrent_session"),
      import("../runtime/depth_model"),
    ]);
    const model = target.gpu;
    if (!isDepthModel(model)) throw new Error(`${target.id} cannot be run recurrence by recurrence`);
    return GpuDepthSession.open(host.engine, {
      ...{ ...shared, ...needs, model },
      length: promptTokens.length + maxNewTokens,
    });
  }
  const depths = recurrence && method.depths?.(params.values as never, recurrence);
  if (depths) {
    const { isDepthModel } = await import("../runtime/depth_model");
    const model = target.gpu;
    if (!isDepthModel(model) || !model.atDepth)
      throw new Error(`${target.id} cannot be run with another number of recurrences`);
    pair = { target: model.atDepth(depths.target), draft: model.atDepth(depths.draft) };
  }
  const options: SessionOptions = {
    ...shared,
    ...pair,
    firstStep: begin?.step ?? 0,
    maxNewTokens: maxNewTokens - given.length,
    treeNodes: method.treeNodes(params.values as never),
  };
  return keeper ? keeper.open(options) : GpuSession.open(host.engine, options);
}

/**
 * Runs a method and yields its trace, run_start to run_end; errors after the start end up in run_end.
 * @param promptIds tokens to use in place of the prompt's text
 * @throws DecoscopeError from the first `next()` if the settings do not fit what is loaded
 */
export async function* runMethod(
  host: EngineHost,
  settings: RunSettings,
  control: RunControl,
  counts: RunCounts,
  promptIds: readonly number[] | null = null,
  { keeper, filter = null, laws = null }: RunExtras = {},
): AsyncGenerator<TraceEvent, void, void> {
  const prepared = await prepare(host, settings, promptIds);
  const { method, params, target, draft, promptTokens, given, begin, maxNewTokens } = prepared;
  const started = performance.now();
  const ms = (): number => Math.round((performance.now() - started) * 100) / 100;
  const pieces = new PieceTeller(target.tokenizer);
  let step = 0;
  yield {
    kind: "run_start",
    step: 0,
    ms: ms(),
    version: TRACE_VERSION,
    method: method.id,
    model: settings.model,
    // A model that drafts for itself is named twice.
    draft: draft?.id ?? (method.depths ? target.id : null),
    params: params.values,
    sampler: settings.sampler,
    seed: settings.seed,
    maxNewTokens,
    prompt: promptIds ? target.tokenizer.decode(promptTokens) : settings.prompt,
    promptTokens,
    begin,
    ...keptOf(draft && draft !== target ? [target, draft] : [target]),
    adapter: host.gpu.adapter,
  };
  const isToken = (token: number | null): token is number => token !== null;
  const fixed = (begin?.tokens ?? []).filter(isToken);
  yield* pieces.before([...promptTokens, ...fixed], 0, ms());
  for (const i of params.issues)
    yield { kind: "warning", step: 0, ms: ms(), message: `${i.key}: ${i.message}` };

  const text = new RunText(given);
  const { endTokens } = target.gpu.facts;
  let reason = givenEnd(given, endTokens, maxNewTokens);
  if (reason) {
    yield { kind: "run_end", step, ms: ms(), reason, hash: hashTokens(given), error: null };
    return;
  }
  // In an object: a callback of the device sets it, which flow analysis does not follow.
  const failed: { error: DecoscopeError | null } = { error: null };
  let session: GpuSession | GpuCanvasSession | GpuDepthSession | null = null;
  let profiler: Profiler | null = null;
  const onUncaptured = (e: DecoscopeError): void => {
    failed.error ??= e;
  };
  host.gpu.onUncaptured.add(onUncaptured);
  try {
    if (settings.profile && host.gpu.features.timestamps) {
      // Fetched by those who measure.
      const { Profiler: Made } = await import("../engine/profiler");
      profiler = new Made(host.gpu, host.memory);
    }
    session = await openSession(host, settings, prepared, profiler, keeper);
    const events: AsyncGenerator<MethodEvent, void, void> = method.decode({
      session,
      params: params.values,
      sampler: settings.sampler,
      // To a method, given tokens are part of the prompt.
      promptTokens: [...promptTokens, ...given],
      maxNewTokens: maxNewTokens - given.length,
      // To one that fills a canvas, they are positions of it.
      begin: begin?.tokens ?? [],
      firstStep: begin?.step ?? 0,
      detail: settings.detail,
      filter,
      laws,
    } as never);
    for await (const event of events) {
      Object.assign(counts, session.counts);
      step = event.step;
      text.push(event);
      yield* pieces.before(pieces.mentioned(event), step, ms());
      yield { ...event, ms: ms() };
      if (profiler && profiler.pending > COLLECT_AFTER) {
        yield { kind: "kernel_time", step, ms: ms(), kernels: await profiler.collect() };
      }
      if (failed.error) break;
      if (control.cancelled) {
        reason = "cancelled";
        break;
      }
    }
    Object.assign(counts, session.counts);
    if (profiler && profiler.pending > 0 && !failed.error) {
      yield { kind: "kernel_time", step, ms: ms(), kernels: await profiler.collect() };
    }
  } catch (thrown) {
    failed.error ??= DecoscopeError.fromRecord(toErrorRecord(thrown));
  } finally {
    host.gpu.onUncaptured.delete(onUncaptured);
    if (keeper && session instanceof GpuSession)
      keeper.giveBack(session, failed.error ? null : [...promptTokens, ...text.tokens()]);
    else session?.dispose();
    profiler?.dispose();
  }
  if (failed.error) reason = "error";
  // Given positions of a canvas are none of the tokens it was filled with.
  reason ??= text.stopReason(endTokens, maxNewTokens - (fixed.length - given.length));
  yield {
    kind: "run_end",
    step,
    ms: ms(),
    reason,
    hash: hashTokens(text.tokens()),
    error: failed.error?.toRecord() ?? null,
  };
}
