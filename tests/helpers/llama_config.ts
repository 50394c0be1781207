/** The configuration of a model that a test knows to be a Llama. */
import type { KnownConfig } from "../../src/models/architectures";
import type { LlamaConfig } from "../../src/models/architectures/llama";

/** @throws Error for any other architecture */
export function llamaConfig(config: KnownConfig): LlamaConfig {
  if (config.architecture !== "llama") throw new Error(`expected a Llama, found ${config.architecture}`);
  return config;
}
