/** What a run was asked for with, as settings to ask for it again. */
import type { RunStartEvent } from "../trace/events";
import type { RunSettings } from "../worker/api";

/** What settings and the start of a run have in common. */
export type Asked = Pick<
  RunStartEvent,
  "model" | "draft" | "method" | "params" | "sampler" | "prompt" | "begin" | "seed" | "maxNewTokens"
>;

/** The settings of a run, with its own beginning or another. */
export function settingsOfRun(
  { model, draft, method, params, sampler, prompt, begin, seed, maxNewTokens }: Asked,
  otherBegin: RunStartEvent["begin"] = begin,
): RunSettings {
  const asked = { model, draft, method, params, sampler, prompt, begin: otherBegin, seed, maxNewTokens };
  return { ...asked, detail: "full", profile: false };
}
