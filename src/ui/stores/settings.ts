/** What the next run will be made with: what the setup column edits and a link holds. */
import { create } from "zustand";
import { changeParam, readParams, type ParamValue, type ParamValues } from "../../base/params";
import type { RunBegin, SamplerSettings } from "../../trace/events";
import type { RunSettings } from "../../worker/api";
import {
  draftOf,
  fits,
  methodOf,
  modelFor,
  modelOf,
  methods,
  models,
  runSchema,
  samplerSchema,
} from "../definitions";

export interface SettingsState {
  readonly model: string;
  readonly method: string;
  /** By method id, so that going back to a method finds its values as they were left. */
  readonly params: Readonly<Record<string, ParamValues>>;
  readonly sampler: SamplerSettings;
  readonly prompt: string;
  /** Tokens after the prompt that the run begins with. They belong to this prompt and model and go when either changes. */
  readonly begin: RunBegin | null;
  readonly seed: number;
  readonly maxNewTokens: number;
  /** Ask for kernel times, where the device has timestamps. */
  readonly isProfiled: boolean;
  /** The visitor changed something here: examples do not take its place unasked. */
  readonly isOwn: boolean;
}

export const DEFAULT_PROMPT = "Once upon a time, there was a little";

/** The method offered first: the one with the most to see. */
const FIRST_METHOD = "rsd-s";
const firstMethod = (): string => (methodOf(FIRST_METHOD) ?? methods[0])?.id ?? "";

export const defaultSettings = (): SettingsState => {
  const run = readParams(runSchema, {}).values;
  return {
    model: models[0]?.id ?? "",
    method: firstMethod(),
    params: {},
    sampler: readParams(samplerSchema, {}).values,
    prompt: DEFAULT_PROMPT,
    begin: null,
    seed: run.seed,
    maxNewTokens: run.maxNewTokens,
    isProfiled: false,
    isOwn: false,
  };
};

export const useSettings = create<SettingsState>()(() => defaultSettings());

/** Values of a method's parameters: what was set, defaults for the rest. */
export const paramsOf = (s: SettingsState, method = s.method): ParamValues =>
  readParams(methodOf(method)?.params ?? {}, s.params[method] ?? {}).values;

export const setParam = (key: string, value: ParamValue): void =>
  useSettings.setState((s) => ({
    isOwn: true,
    params: {
      ...s.params,
      [s.method]: changeParam(methodOf(s.method)?.params ?? {}, paramsOf(s), key, value),
    },
  }));
export const setSampler = (key: string, value: ParamValue): void =>
  useSettings.setState((s) => ({ isOwn: true, sampler: { ...s.sampler, [key]: value } }));
/** Length, seed and whether kernels are timed. */
export const setRun = (key: string, value: ParamValue): void =>
  useSettings.setState({ isOwn: true, [key]: value });

/** Chooses a method, and another model if it cannot run on the present one. */
export const setMethod = (id: string): void =>
  useSettings.setState((s) => {
    const method = methodOf(id);
    if (!method) return {};
    const model = fits(method, s.model) ? s.model : (modelFor(method, s.model)?.id ?? s.model);
    return { method: id, model, begin: model === s.model ? s.begin : null };
  });

/** Chooses a model. */
export const setModel = (model: string): void =>
  useSettings.setState((s) => (model === s.model ? {} : { model, begin: null }));
export const setPrompt = (prompt: string): void =>
  useSettings.setState((s) => (prompt === s.prompt ? {} : { isOwn: true, prompt, begin: null }));
/** Runs begin from the prompt alone. */
export const dropBegin = (): void => useSettings.setState({ begin: null });

/** The settings as the worker takes them; "full" detail, since the page shows candidates. */
export function runSettings(s: SettingsState): RunSettings {
  const needsDraft = methodOf(s.method)?.requires.includes("+") === true;
  return {
    model: s.model,
    draft: needsDraft ? (draftOf(s.model)?.id ?? null) : null,
    method: s.method,
    params: paramsOf(s),
    sampler: s.sampler,
    prompt: s.prompt,
    begin: s.begin,
    seed: s.seed,
    maxNewTokens: s.maxNewTokens,
    detail: "full",
    profile: s.isProfiled,
  };
}

/** Takes over settings from outside, such as a link or, if they are not `isOwn`, an example; anything that is no known id is left as it was. */
export function adoptSettings(run: RunSettings, isOwn = true): void {
  useSettings.setState((s) => ({
    isOwn,
    model: modelOf(run.model) ? run.model : s.model,
    method: methodOf(run.method) ? run.method : s.method,
    params: methodOf(run.method) ? { ...s.params, [run.method]: run.params } : s.params,
    sampler: run.sampler,
    prompt: run.prompt,
    begin: modelOf(run.model) ? run.begin : null,
    seed: run.seed,
    maxNewTokens: run.maxNewTokens,
    isProfiled: run.profile,
  }));
}
