/** The architectures this program can run: one file each, and one line of the table that says which checkpoints ask for it. */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields } from "../config";
import type { DecoderConfig } from "../decoder";
import type { Architecture, ConfigFiles, WeightTable } from "../model";
import type { Mamba2Config } from "./mamba2";
import type { MixtureOfRecursionsConfig } from "./mixture_of_recursions";
import type { OuroConfig } from "./ouro";
import type { RecurrentDepthConfig } from "./recurrent_depth";

/** Any configuration that can be loaded; `architecture` tells which. */
export type KnownConfig =
  DecoderConfig | RecurrentDepthConfig | MixtureOfRecursionsConfig | OuroConfig | Mamba2Config;

/** As the registry gives them: a weight table is asked for with the configuration that the same entry read. */
export type KnownArchitecture = Pick<Architecture, "id" | "label"> & {
  readConfig(files: ConfigFiles): KnownConfig;
  weightTable(config: KnownConfig): WeightTable;
};

const known = <C extends KnownConfig>(architecture: Architecture<C>): KnownArchitecture => ({
  ...architecture,
  weightTable: (config) => architecture.weightTable(config as C),
});

/** Names in config.json, `model_type` or one of `architectures`, and the code they lead to, fetched when it is asked for. */
const TABLE: readonly (readonly [names: readonly string[], load: () => Promise<KnownArchitecture>])[] = [
  [["llama", "LlamaForCausalLM"], async () => known((await import("./llama")).llama)],
  [["smollm3", "SmolLM3ForCausalLM"], async () => known((await import("./smollm3")).smollm3)],
  [["qwen2", "Qwen2ForCausalLM"], async () => known((await import("./qwen2")).qwen2)],
  [["qwen3", "Qwen3ForCausalLM"], async () => known((await import("./qwen3")).qwen3)],
  [["gemma3_text", "Gemma3ForCausalLM"], async () => known((await import("./gemma3")).gemma3)],
  [["llada", "LLaDAModelLM"], async () => known((await import("./llada")).llada)],
  [["Dream", "DreamModel"], async () => known((await import("./dream")).dream)],
  [["a2d-llama", "a2d-qwen2", "a2d-qwen3"], async () => known((await import("./a2d")).a2d)],
  [
    ["Fast_dLLM_Qwen", "Fast_dLLM_QwenForCausalLM"],
    async () => known((await import("./fast_dllm")).fastDllm),
  ],
  [["huginn_raven"], async () => known((await import("./recurrent_depth")).recurrentDepth)],
  [["ouro", "OuroForCausalLM"], async () => known((await import("./ouro")).ouro)],
  [["mamba2", "Mamba2ForCausalLM"], async () => known((await import("./mamba2")).mamba2)],
  [["mor_llama"], async () => known((await import("./mixture_of_recursions")).mixtureOfRecursions)],
];

/** Every name that can be run. */
export const modelNames: readonly string[] = TABLE.flatMap(([names]) => names);

const schema = v.looseObject({
  model_type: v.optional(v.string()),
  architectures: v.optional(v.array(v.string())),
});

/**
 * The architecture that config.json asks for: by its model_type, or where there is none by the name of its class.
 * @throws DecoscopeError `unsupported` that names the architecture found and those there are
 */
export async function findArchitecture({ config, label }: ConfigFiles): Promise<KnownArchitecture> {
  const fields = checkFields(schema, config, `${label}/config.json`);
  const classes = fields.architectures ?? [];
  const asked = fields.model_type === undefined ? classes : [fields.model_type];
  const found = TABLE.find(([names]) => asked.some((name) => names.includes(name)));
  if (found) return found[1]();
  const name = [`model_type "${fields.model_type ?? "not given"}"`, ...classes].join(", ");
  throw new DecoscopeError(
    "unsupported",
    `${label}/config.json asks for an architecture that cannot be run here: ${name}. ` +
      `Expected one of: ${modelNames.join(", ")}.`,
  );
}
