/** The settings at which a method shows its point, and the run that was recorded with them. */
import { readParams } from "../base/params";
import type { RunSettings } from "../worker/api";
import { draftOf, modelFor, runSchema, samplerSchema, type MethodInfo } from "./definitions";
import { DEFAULT_PROMPT } from "./stores/settings";

/** Recordings travel with the page, so they are short. */
const NEW_TOKENS = 24;

/** What `npm run record` runs and a card of the gallery opens: the method's own showcase, and defaults for the rest. */
export function showcaseSettings(method: MethodInfo): RunSettings {
  const { showcase } = method;
  const model = showcase?.model ?? modelFor(method)?.id ?? "";
  const sampler = readParams(samplerSchema, {}).values;
  return {
    model,
    draft: method.depths ? model : method.requires.includes("+") ? (draftOf(model)?.id ?? null) : null,
    method: method.id,
    params: readParams(method.params, { ...showcase?.params }).values,
    sampler: { ...sampler, temperature: showcase?.temperature ?? sampler.temperature },
    prompt: showcase?.prompt ?? DEFAULT_PROMPT,
    begin: null,
    seed: showcase?.seed ?? runSchema.seed.default,
    maxNewTokens: showcase?.maxNewTokens ?? NEW_TOKENS,
    detail: "full",
    profile: false,
  };
}

/** Whether settings are those of a method's example. */
export function isExample(settings: RunSettings, method: MethodInfo): boolean {
  const keys = ["model", "params", "sampler", "prompt", "begin", "seed", "maxNewTokens"] as const;
  const example = showcaseSettings(method);
  return keys.every((key) => JSON.stringify(settings[key]) === JSON.stringify(example[key]));
}

/** Path of a method's recording beside the page. */
export const recordingOf = (method: string): string => `recordings/${method}.jsonl`;
