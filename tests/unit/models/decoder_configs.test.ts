/** What config.json of each decoder turns into, and what of it is refused. */
import { describe, expect, it } from "vitest";
import { findArchitecture } from "../../../src/models/architectures";
import type { DecoderConfig } from "../../../src/models/decoder";
import { ropeFrequencies, ropeGain } from "../../../src/models/rope";
import { FAMILIES } from "../../helpers/checkpoints";

const configOf = (family: string): Record<string, unknown> => ({ ...FAMILIES[family]![0] });
async function read(family: string, change: Record<string, unknown> = {}): Promise<DecoderConfig> {
  const files = { config: { ...configOf(family), ...change }, generation: undefined, label: "m" };
  return (await findArchitecture(files)).readConfig(files) as DecoderConfig;
}
const refused = (message: RegExp) =>
  expect.objectContaining({ message: expect.stringMatching(message) as string }) as Error;
const GEMMA = "Gemma 3, a window shorter than the text";

describe.each(Object.keys(FAMILIES))("%s", (family) => {
  it("wants the tensors of its checkpoint, no more and no fewer", async () => {
    const files = { config: configOf(family), generation: undefined, label: "m" };
    const architecture = await findArchitecture(files);
    const { weights } = architecture.weightTable(architecture.readConfig(files));
    expect(Object.fromEntries(weights.map(({ source, shape }) => [source, shape]))).toEqual(
      FAMILIES[family]![1],
    );
  });
});

describe("layers", () => {
  it("turn nothing where SmolLM3 says so, every fourth one unless it lists them", async () => {
    const { layers } = await read("SmolLM3", { no_rope_layers: undefined, num_hidden_layers: 8 });
    expect(layers.map(({ rope }) => rope)).toEqual([0, 0, 0, null, 0, 0, 0, null]);
    await expect(read("SmolLM3", { no_rope_layers: [1] })).rejects.toThrow(
      refused(/no_rope_layers of 3 layers, found 1/),
    );
  });

  it("have windows in Gemma 3, five of six unless it says otherwise", async () => {
    const { layers } = await read(GEMMA, { layer_types: undefined, num_hidden_layers: 7 });
    expect(layers.map(({ window }) => window)).toEqual([5, 5, 5, 5, 5, null, 5]);
    expect(layers.map(({ rope }) => rope)).toEqual([1, 1, 1, 1, 1, 0, 1]);
  });

  it("have the rotations that newer exports of Gemma 3 name by kind of layer", async () => {
    const { ropes } = await read(GEMMA, {
      rope_theta: undefined,
      rope_local_base_freq: undefined,
      rope_parameters: {
        full_attention: { rope_type: "linear", factor: 8, rope_theta: 1e6 },
        sliding_attention: { rope_type: "default", rope_theta: 1e4 },
      },
    });
    expect(ropes).toEqual([
      { theta: 1e6, scaling: { kind: "linear", factor: 8 } },
      { theta: 1e4, scaling: null },
    ]);
  });

  it.each([
    ["Qwen2.5", { layer_types: ["full_attention"] }, /layer_types of 3 layers, found 1/],
    [
      "Qwen2.5",
      { layer_types: ["full_attention", "linear_attention", "full_attention"] },
      /found "linear_attention"/,
    ],
    [
      "Qwen2.5",
      { layer_types: Array(3).fill("sliding_attention") },
      /expected sliding_window of layer 0, found none/,
    ],
    [GEMMA, { final_logit_softcapping: 30 }, /expected final_logit_softcapping to be null, found 30/],
    [GEMMA, { use_bidirectional_attention: true }, /use_bidirectional_attention to be false/],
    ["LLaDA", { alibi: true }, /expected alibi to be false, found true/],
    ["LLaDA", { block_type: "sequential" }, /expected block_type to be "llama", found "sequential"/],
    ["Qwen3 taught to fill masks", { model_type: "a2d-bert" }, /"a2d-bert"/],
  ])("of %s with %j are refused", async (family, change, message) => {
    await expect(read(family, change)).rejects.toThrow(refused(message));
  });
});

describe("models that fill masks", () => {
  it.each([
    ["LLaDA", { attention: "bidirectional", blockSize: null, logitShift: 0, maskToken: 1 }],
    ["Dream", { attention: "bidirectional", blockSize: null, logitShift: 1, maskToken: 1 }],
    // Their tokenizer names the mask.
    [
      "Qwen3 taught to fill masks",
      { attention: "bidirectional", blockSize: null, logitShift: 0, maskToken: null },
    ],
    ["Qwen3 taught to fill blocks", { attention: "block_causal", blockSize: 6, logitShift: 0, maskToken: 1 }],
    ["Fast-dLLM v2", { attention: "block_causal", blockSize: 7, logitShift: 1, maskToken: null }],
  ])("%s", async (family, masked) => {
    expect(await read(family)).toMatchObject({ kind: "masked", masked });
  });

  it("has blocks of 32 in Fast-dLLM v2 unless it says otherwise", async () => {
    expect((await read("Fast-dLLM v2", { bd_size: undefined })).masked?.blockSize).toBe(32);
  });
});

describe("rotary frequencies", () => {
  it("are those of Llama 3.2 in each of its bands", () => {
    const scaling = {
      kind: "llama3",
      factor: 32,
      lowFactor: 1,
      highFactor: 4,
      originalContext: 8192,
    } as const;
    const scaled = ropeFrequencies({ theta: 5e5, scaling }, 64);
    const plain = ropeFrequencies({ theta: 5e5, scaling: null }, 64);
    // Wavelengths below 2048 stay, those above 8192 are 32 times as long.
    expect(scaled[14]).toBe(plain[14]);
    expect(scaled[18]).toBe(plain[18]! / 32);
    expect(scaled[16]).toBeLessThan(plain[16]!);
    expect(scaled[16]).toBeGreaterThan(plain[16]! / 32);
  });

  it("are YaRN's for Qwen2.5: fast pairs as they were, slow ones divided, and a factor of attention", async () => {
    const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 32768 };
    const { ropes } = await read("Qwen2.5", { rope_theta: 1e6, rope_scaling: yarn });
    const [rope] = ropes as [(typeof ropes)[0]];
    const scaled = ropeFrequencies(rope, 128);
    const plain = ropeFrequencies({ theta: 1e6, scaling: null }, 128);
    // Pairs up to 23 make 32 turns and more within 32768 positions, those from 40 on less than one.
    expect(scaled[23]).toBe(plain[23]);
    expect(scaled[24]).toBeLessThan(plain[24]!);
    expect(scaled[39]).toBeGreaterThan(plain[39]! / 4);
    expect(scaled[40]).toBe(plain[40]! / 4);
    expect(ropeGain(rope)).toBeCloseTo(1.1386, 4);
    const given = await read("Qwen2.5", { rope_scaling: { ...yarn, attention_factor: 1 } });
    expect(ropeGain(given.ropes[0]!)).toBe(1);
    const shares = await read("Qwen2.5", { rope_scaling: { ...yarn, mscale: 1, mscale_all_dim: 1 } });
    expect(ropeGain(shares.ropes[0]!)).toBe(1);
  });

  it("take YaRN's numbers from the context where they are left out, and say which are missing", async () => {
    const long = { max_position_embeddings: 128 };
    const stretched = { type: "yarn", original_max_position_embeddings: 32 };
    const { ropes } = await read("Qwen2.5", { ...long, rope_scaling: stretched });
    expect(ropes[0]!.scaling).toMatchObject({ factor: 4, originalContext: 32 });
    const only = await read("Qwen2.5", { ...long, rope_scaling: { type: "yarn", factor: 2 } });
    expect(only.ropes[0]!.scaling).toMatchObject({ factor: 2, originalContext: 128 });
  });

  it("stay plain where they would change as a text grows, and texts end with what was trained", async () => {
    const dynamic = { type: "dynamic", factor: 4, original_max_position_embeddings: 64 };
    const { ropes, maxContext } = await read("Qwen2.5", { rope_scaling: dynamic });
    expect(ropeFrequencies(ropes[0]!, 24)).toEqual(
      ropeFrequencies({ theta: ropes[0]!.theta, scaling: null }, 24),
    );
    expect(maxContext).toBe(64);
    expect((await read("Qwen2.5", { rope_scaling: { type: "dynamic", factor: 4 } })).maxContext).toBe(96);
  });
});
