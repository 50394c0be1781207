/** Reads what training/fixtures.py wrote for a bundled model: activations, logits and a greedy text. */
import { readFile } from "node:fs/promises";

interface FixtureHeader {
  readonly weightsSha256: string;
  /** Tokens that the activations belong to, the one that starts a text included. */
  readonly tokens: readonly number[];
  /** Positions whose logits are stored. */
  readonly logitPositions: readonly number[];
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly offsetFloats: number;
  }[];
  /** How many of `tokens` are the prompt, which matters where its rows see nothing else. */
  readonly promptLength: number;
  /** Recurrences that latents were followed through, of models of recurrent depth. */
  readonly recurrences?: number;
  /** Of mixtures of recursions: by threshold or by the tokens' choice, with keys of a recurrence's own and of the first; by the best of the text. */
  readonly threshold?: number;
  readonly depths?: readonly number[];
  readonly sharedDepths?: readonly number[];
  readonly topkDepths?: readonly number[];
  /** Of causal models. */
  readonly greedy?: {
    readonly prompt: string;
    readonly promptTokens: readonly number[];
    /** What follows the prompt. */
    readonly tokens: readonly number[];
    readonly text: string;
    /** Logit of each token minus that of the runner-up: how far other arithmetic may be off. */
    readonly leads: readonly number[];
    /** Of mixtures of recursions: of all positions of prompt and tokens. */
    readonly depths?: readonly number[];
  };
  /** Of models that fill masks: a canvas behind the prompt, the most probable proposal of all committed first. */
  readonly canvas?: {
    readonly prompt: string;
    readonly promptTokens: readonly number[];
    readonly tokens: readonly number[];
    /** Places of the canvas in the order in which they were filled. */
    readonly order: readonly number[];
    /** Tokens that are never proposed. */
    readonly banned: readonly number[];
  };
}

export interface ModelFixture extends FixtureHeader {
  /** `embedding`, `layer0` ... (the residual stream after each layer), `final_norm`, `logits`. */
  readonly names: readonly string[];
  /** One tensor, row-major. */
  tensor(name: string): { readonly shape: readonly number[]; readonly values: Float32Array };
}

/** The fixture of the model with that id. */
export async function readFixture(id: string): Promise<ModelFixture> {
  const path = (ending: string) => new URL(`../fixtures/models/${id}.${ending}`, import.meta.url);
  const header = JSON.parse(await readFile(path("json"), "utf8")) as FixtureHeader;
  const floats = new Float32Array(Uint8Array.from(await readFile(path("bin"))).buffer);
  return {
    ...header,
    names: header.tensors.map(({ name }) => name),
    tensor(name) {
      const found = header.tensors.find((tensor) => tensor.name === name);
      if (!found) throw new Error(`the fixture of ${id} has no tensor "${name}"`);
      const count = found.shape.reduce((a, b) => a * b, 1);
      return { shape: found.shape, values: floats.subarray(found.offsetFloats, found.offsetFloats + count) };
    },
  };
}
