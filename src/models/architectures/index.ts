/** The architectures this program can run: one file and one line here each. */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { checkFields } from "../config";
import type { Architecture, ConfigFiles, WeightTable } from "../model";
import { llama, type LlamaConfig } from "./llama";
import { mixtureOfRecursions, type MixtureOfRecursionsConfig } from "./mixture_of_recursions";
import { recurrentDepth, type RecurrentDepthConfig } from "./recurrent_depth";

/** Any configuration that can be loaded; `architecture` tells which. */
export type KnownConfig = LlamaConfig | RecurrentDepthConfig | MixtureOfRecursionsConfig;

/** As the registry holds them: a weight table is asked for with the configuration that the same entry read. */
export type KnownArchitecture = Pick<Architecture, "id" | "label" | "modelTypes"> & {
  readConfig(files: ConfigFiles): KnownConfig;
  weightTable(config: KnownConfig): WeightTable;
};

const known = <C extends KnownConfig>(architecture: Architecture<C>): KnownArchitecture => ({
  ...architecture,
  weightTable: (config) => architecture.weightTable(config as C),
});

export const architectures: readonly KnownArchitecture[] = [
  known(llama),
  known(recurrentDepth),
  known(mixtureOfRecursions),
];

const schema = v.looseObject({
  model_type: v.optional(v.string()),
  architectures: v.optional(v.array(v.string())),
});

/**
 * The architecture that config.json asks for.
 * @throws DecoscopeError `unsupported` that names the architecture found and those there are
 */
export function findArchitecture({ config, label }: ConfigFiles): KnownArchitecture {
  const fields = checkFields(schema, config, `${label}/config.json`);
  const found = architectures.find(({ modelTypes }) => modelTypes.includes(fields.model_type ?? ""));
  if (found) return found;
  const name = [`model_type "${fields.model_type ?? "not given"}"`, ...(fields.architectures ?? [])].join(
    ", ",
  );
  throw new DecoscopeError(
    "unsupported",
    `${label}/config.json asks for an architecture that cannot be run here: ${name}. ` +
      `Expected model_type to be one of: ${architectures.flatMap(({ modelTypes }) => modelTypes).join(", ")}.`,
  );
}
