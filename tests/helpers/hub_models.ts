/** Models for a local hub: small Llamas of random weights with the tokenizer of the bundled story models. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chatModel } from "./chat_model";
import type { HubModel, HubServer } from "./hub_server";
import { ROOT } from "./repository";
import { jsonBytes, tinyModel, type ModelFiles, type TinyModelOptions } from "./tiny_model";

/** Files of a model that reads and writes the tokens of the story models. */
export function storyLike(options: TinyModelOptions = {}): ModelFiles {
  const files = tinyModel({
    dim: 32,
    nHeads: 4,
    headDim: 8,
    hiddenDim: 64,
    vocabSize: 2048,
    maxContext: 256,
    ...options,
  });
  const tokenizer = readFileSync(join(ROOT, "public/models/story-target/tokenizer.json"));
  files.set("tokenizer.json", new Uint8Array(tokenizer));
  files.set("README.md", new TextEncoder().encode("# A model of random weights\n"));
  return files;
}

/** The models that every local hub has, by what they are there to show. */
export function addModels(hub: HubServer): void {
  const add = (id: string, model: HubModel): void => void hub.models.set(id, model);
  add("tiny/whole", { files: storyLike({ seed: 3 }), licence: "apache-2.0" });
  add("tiny/draft", { files: storyLike({ seed: 4, nLayers: 1 }), licence: "apache-2.0" });
  add("tiny/sharded", { files: storyLike({ seed: 5, shards: 3, dtype: "bf16" }), licence: "mit" });
  // Large enough that a download can be watched, stopped and gone on with: 5.6 MB.
  add("tiny/large", { files: storyLike({ seed: 6, dim: 128, headDim: 32, hiddenDim: 352 * 2, nLayers: 3 }) });
  add("tiny/chat", { files: chatModel(), licence: "apache-2.0" });
  add("tiny/gated", { files: storyLike({ seed: 7 }), isGated: true, licence: "llama3.2" });
  add("tiny/other", { files: changed((files) => withConfig(files, { model_type: "resnet" })) });
  add("tiny/no-tokenizer", { files: changed((files) => files.delete("tokenizer.json")) });
  add("tiny/no-config", { files: changed((files) => files.delete("config.json")) });
  add("tiny/pickled", {
    files: changed((files) => {
      files.delete("model.safetensors");
      files.set("pytorch_model.bin", new Uint8Array(1000));
    }),
  });
}

function changed(change: (files: ModelFiles) => void): ModelFiles {
  const files = storyLike({ seed: 8, nLayers: 1 });
  change(files);
  return files;
}

function withConfig(files: ModelFiles, fields: Readonly<Record<string, unknown>>): void {
  const config = JSON.parse(new TextDecoder().decode(files.get("config.json"))) as object;
  files.set("config.json", jsonBytes({ ...config, ...fields }));
}
