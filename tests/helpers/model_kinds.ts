/** A small model with random weights of every kind that decodes text from left to right, for what must hold for all of them. */
import { checkpointOf } from "./checkpoints";
import { ouroCheckpoint } from "./looped_checkpoints";
import { mambaCheckpoint } from "./mamba_checkpoints";
import type { ModelFiles } from "./tiny_model";
import { tinyMor } from "./tiny_mor";
import { tinyRecurrent } from "./tiny_recurrent";

export const MODEL_KINDS: Readonly<Record<string, () => ModelFiles>> = {
  decoder: () => checkpointOf("Qwen3").files,
  "state-space": () => mambaCheckpoint({}, 3).files,
  looped: () => ouroCheckpoint().files,
  "recurrent depth": () => tinyRecurrent(),
  "mixture of recursions": () => tinyMor(),
};
