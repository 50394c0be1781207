import { describe, expect, it } from "vitest";
import { findArchitecture } from "../../../src/models/architectures";
import { mamba2 } from "../../../src/models/architectures/mamba2";
import { parseJson } from "../../../src/models/config";
import { loadModel } from "../../../src/models/load";
import { mambaCheckpoint } from "../../helpers/mamba_checkpoints";
import { memorySource } from "../../helpers/tiny_model";

/** AntonV/mamba2-130m-hf's config.json, as far as it is read. */
const small = {
  model_type: "mamba2",
  architectures: ["Mamba2ForCausalLM"],
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_size: 768,
  num_hidden_layers: 24,
  num_heads: 24,
  n_groups: 1,
  vocab_size: 50288,
  tie_word_embeddings: true,
};
const read = (config: Record<string, unknown>) =>
  mamba2.readConfig({ config: { ...small, ...config }, generation: undefined, label: "m" });
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe("config.json of a Mamba-2", () => {
  it("becomes a typed configuration; what is left out has the library's defaults", () => {
    expect(read({})).toEqual({
      architecture: "mamba2",
      kind: "causal",
      masked: null,
      vocabSize: 50288,
      maxContext: 32768,
      bosToken: 0,
      endTokens: [0],
      maskToken: null,
      dim: 768,
      nLayers: 24,
      nHeads: 24,
      nGroups: 1,
      headDim: 64,
      stateDim: 128,
      convWidth: 4,
      chunk: 256,
      stepLimits: [0, Infinity],
      biases: { conv: true, projections: false },
      rmsNormEps: 1e-5,
      tieEmbeddings: true,
      // 24 layers with 24 x 64 x 128 numbers and four rows of 1792 channels.
      stateBytes: 4 * 24 * (196608 + 7168),
    });
  });

  it("is found by either name", async () => {
    for (const config of [{ model_type: "mamba2" }, { architectures: ["Mamba2ForCausalLM"] }])
      expect((await findArchitecture({ config, generation: undefined, label: "m" })).id).toBe("mamba2");
  });

  it("may say Infinity as Python does, in either way, and as part of a text", () => {
    const json = (text: string) => parseJson(new TextEncoder().encode(text), "config.json");
    const fields = json('{"time_step_limit": [0.001, Infinity], "note": "to Infinity"}');
    expect(fields).toEqual({ time_step_limit: [0.001, Infinity], note: "to Infinity" });
    expect(read(fields as Record<string, unknown>).stepLimits).toEqual([0.001, Infinity]);
    expect(read({ time_step_limit: [0, { __float__: "Infinity" }] }).stepLimits).toEqual([0, Infinity]);
    expect(() => json('{"a": Infinity')).toThrow(error("load", /expected JSON/));
  });

  it.each([
    [{ hidden_act: "gelu" }, "unsupported", /hidden_act to be silu, found "gelu"/],
    [{ rms_norm: false }, "unsupported", /rms_norm to be true, found false/],
    [{ norm_before_gate: true }, "unsupported", /norm_before_gate to be false/],
    [{ conv_kernel: 5 }, "unsupported", /conv_kernel from 2 to 4, found 5/],
    [{ state_size: 18 }, "unsupported", /state_size to be a multiple of four, found 18/],
    [{ num_heads: 23 }, "load", /num_heads x head_dim to be expand x hidden_size, 1536, found 1472/],
    [{ n_groups: 5 }, "load", /num_heads to be a multiple of n_groups, 5, found 24/],
    [{ time_step_limit: [0.5, 0.1] }, "load", /time_step_limit .* found 0\.5 and 0\.1/],
    [{ vocab_size: undefined }, "load", /vocab_size/],
  ] as const)("refuses %j", (config, code, message) => {
    expect(() => read(config)).toThrow(error(code, message));
  });

  it("names tensors that are missing or misshapen", async () => {
    const { files } = mambaCheckpoint();
    const other = mambaCheckpoint({ conv_kernel: 3, use_bias: true }).files;
    const mixed = new Map([...files, ["config.json", other.get("config.json")!]]);
    await expect(loadModel(memorySource(mixed))).rejects.toThrow(
      /missing "backbone\.layers\.0\.mixer\.in_proj\.bias" \[194\].*misshapen "backbone\.layers\.0\.mixer\.conv1d\.weight".*expected \[104, 1, 3\], found \[104, 1, 4\]/,
    );
  });
});
