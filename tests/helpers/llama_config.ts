/** The configuration of a model that a test knows to be a plain Llama, as the reference of bundled models wants it. */
import type { KnownConfig } from "../../src/models/architectures";
import type { LlamaConfig } from "../reference/llama";

/** @throws Error for any other architecture */
export function llamaConfig(config: KnownConfig): LlamaConfig {
  if (config.architecture !== "llama") throw new Error(`expected a Llama, found ${config.architecture}`);
  return { ...config, ropeTheta: config.ropes[0]!.theta };
}
