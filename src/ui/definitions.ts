/** Methods and models the page offers, behind one import. */
import { integer, number, type ParamsSchema } from "../base/params";
import { methods as registered } from "../decoding/index";
import type { Method } from "../decoding/method";
import { catalog, type CatalogEntry } from "../models/catalog";
import type { KeptModel } from "../trace/events";
import { useMoreModels } from "./stores/more_models";

/** A method without the code that runs it. */
export type MethodInfo = Omit<Method, "treeNodes" | "decode">;
export type ModelInfo = CatalogEntry;

export const methods: readonly MethodInfo[] = registered;
/** The bundled models: those that write text from left to right first, then those that fill masks. */
export const models: readonly ModelInfo[] = catalog;

/** Settings of the user's sampler as a form; keys are those of SamplerSettings. */
export const samplerSchema = {
  temperature: number({
    default: 0.8,
    min: 0,
    max: 2,
    step: 0.05,
    label: "Temperature",
    help: "Flattens or sharpens the target\u2019s law. 0 always takes the most probable token.",
  }),
  topK: integer({
    default: 0,
    min: 0,
    max: 100,
    label: "Top-k",
    help: "Keeps the k most probable tokens. 0 keeps all.",
  }),
  topP: number({
    default: 1,
    min: 0.05,
    max: 1,
    step: 0.01,
    label: "Top-p",
    help: "Keeps the smallest set of tokens with at least this probability together. 1 keeps all.",
  }),
  minP: number({
    default: 0,
    min: 0,
    max: 0.5,
    step: 0.01,
    label: "Min-p",
    help: "Drops tokens less probable than this fraction of the most probable one. 0 keeps all.",
  }),
  repetitionPenalty: number({
    default: 1,
    min: 1,
    max: 2,
    step: 0.05,
    label: "Repetition penalty",
    help: "Makes tokens that are already in the text less probable. 1 is off.",
  }),
} satisfies ParamsSchema;

/** How long and how random: what is no part of a method. */
export const runSchema = {
  maxNewTokens: integer({
    default: 64,
    min: 1,
    max: 200,
    label: "New tokens",
    help: "The run ends after so many, if the model does not end the text before.",
  }),
  seed: integer({
    default: 17,
    min: 0,
    max: 999_999,
    label: "Seed",
    help: "Same seed, same settings, same kind of device: same tokens.",
  }),
} satisfies ParamsSchema;

export const methodOf = (id: string): MethodInfo | undefined => methods.find((m) => m.id === id);
/** The bundled models and those that the visitor brought. */
export const allModels = (): readonly ModelInfo[] => [...models, ...useMoreModels.getState().entries];
export const modelOf = (id: string): ModelInfo | undefined => allModels().find((m) => m.id === id);
/** The model that drafts for a target or judges what it denoises, if there is one. */
export const draftOf = (target: string): ModelInfo | undefined => {
  const draft = modelOf(target)?.draft ?? null;
  return draft === null ? undefined : modelOf(draft);
};
/** Whether a method can run on a model: some need another model that drafts for it. */
export function fits({ requires }: MethodInfo, model: string): boolean {
  const entry = modelOf(model);
  if (requires === "routed") return entry?.hasRouter === true;
  if (requires === "recurrent") return entry?.recurrence !== undefined && !entry.hasRouter;
  return (
    requires.startsWith(entry?.kind ?? "causal") && (!requires.includes("+") || draftOf(model) !== undefined)
  );
}
/** A model that a method can run on: one that reads the same tokens as `like`, if there is one, else the first. */
export const modelFor = (method: MethodInfo, like?: string): ModelInfo | undefined => {
  const able = allModels().filter((m) => fits(method, m.id));
  return able.find((m) => m.tokenizer === modelOf(like ?? "")?.tokenizer) ?? able[0];
};
/** Name to show for a model or method id, known or not. */
export const labelOf = (id: string): string => methodOf(id)?.label ?? modelOf(id)?.label ?? id;
/** The models of a run; a model that drafts for itself is one. */
export const modelsLabel = ({
  model,
  draft,
}: {
  readonly model: string;
  readonly draft: string | null;
}): string =>
  draft === null || draft === model ? labelOf(model) : `${labelOf(model)} with ${labelOf(draft)}`;
/** How a model's numbers are kept. */
export const keptLabel = ({ model, storage, cacheStorage }: KeptModel): string =>
  `${labelOf(model)} in ${storage}, keys and values in ${cacheStorage}`;
