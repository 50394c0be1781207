import { describe, expect, it } from "vitest";
import type { ModelFacts } from "../../../src/decoding/session";
import { loadModel } from "../../../src/models/load";
import type { ReadOptions } from "../../../src/models/source";
import { writeSafetensors } from "../../helpers/safetensors";
import {
  jsonBytes,
  memorySource,
  tinyModel,
  type ModelFiles,
  type TinyModelOptions,
} from "../../helpers/tiny_model";
import { TINY_VOCAB, tinyTokenizer } from "../../helpers/tiny_tokenizer";

const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;
const load = (files: ModelFiles, options?: ReadOptions, canList = true) =>
  loadModel(memorySource(files, { canList }), options);
const total = (files: ModelFiles): number =>
  [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);

/** Loads a tiny model after a change to its files and expects a typed error. */
async function expectError(
  change: (files: ModelFiles) => void,
  code: string,
  message: RegExp,
  options?: TinyModelOptions,
): Promise<void> {
  const files = tinyModel(options);
  change(files);
  await expect(load(files)).rejects.toThrow(error(code, message));
  await expect(load(files, {}, false)).rejects.toThrow(error(code, message));
}

describe("loadModel", () => {
  it("returns everything the engine needs", async () => {
    const files = tinyModel({ vocabSize: 280 });
    const { architecture, config, facts, tensors, tokenizer, sizeBytes } = await load(files);
    const typed: ModelFacts = facts;
    expect(typed).toEqual({ id: "tiny", vocabSize: 280, endTokens: [0] });
    expect(architecture.id).toBe("llama");
    expect(config).toMatchObject({
      dim: 16,
      nLayers: 2,
      nHeads: 4,
      nKvHeads: 2,
      headDim: 4,
      hiddenDim: 24,
      maxContext: 64,
    });
    expect(tokenizer.encodePrompt("the")).toHaveLength(2);
    expect(sizeBytes).toBe(total(files));
    expect(tensors.names).toHaveLength(20);
    expect(tensors.parameters).toBe(280 * 16 + 16 + 2 * (2 * 16 + 2 * 16 * 16 + 2 * 8 * 16 + 3 * 16 * 24));
    expect(tensors.sizeBytes).toBe(4 * tensors.parameters);
    expect(tensors.dtypes).toEqual(["f32"]);
    expect(tensors.get("layers.1.wk")).toMatchObject({
      source: "model.layers.1.self_attn.k_proj.weight",
      file: "tiny/model.safetensors",
      dtype: "f32",
      shape: [8, 16],
      count: 128,
    });
    expect(() => tensors.get("nonsense")).toThrow(/internal error: no weight is called "nonsense"/);
  });

  it.each(["f32", "f16", "bf16"] as const)(
    "reads %s weights, whole or in three shards, listed or not",
    async (dtype) => {
      const whole = await load(tinyModel({ dtype, tieEmbeddings: false }));
      const exact = await load(tinyModel({ tieEmbeddings: false }));
      const tolerance = { f32: 0, f16: 2 ** -11, bf16: 2 ** -8 }[dtype];
      for (const canList of [true, false]) {
        const files = tinyModel({ dtype, tieEmbeddings: false, shards: 3 });
        const sharded = await load(files, {}, canList);
        expect(sharded.sizeBytes).toBe(total(files));
        expect(sharded.tensors.names).toEqual(whole.tensors.names);
        for (const name of whole.tensors.names) {
          const tensor = sharded.tensors.get(name);
          expect(tensor.dtype).toBe(dtype);
          expect(tensor.view().length).toBe(tensor.count);
          const floats = tensor.toFloat32();
          expect(floats).toEqual(whole.tensors.get(name).toFloat32());
          const original = exact.tensors.get(name).toFloat32();
          floats.forEach((x, i) => {
            const y = original[i] as number;
            if (Math.abs(x - y) > tolerance * Math.abs(y) + 2 ** -25) expect(x, name).toBe(y);
          });
        }
      }
    },
  );

  it("gives a new array for each conversion", async () => {
    const { tensors } = await load(tinyModel());
    tensors.get("embed").toFloat32().fill(7);
    expect(tensors.get("embed").toFloat32()[0]).not.toBe(7);
  });

  it("reports the bytes of all files, with the total from the start if the source can tell", async () => {
    for (const shards of [1, 3]) {
      const files = tinyModel({ shards });
      files.set("notes.txt", new Uint8Array(1000));
      const calls: [number, number | null][] = [];
      await load(files, { onProgress: (loaded, all) => calls.push([loaded, all]) });
      const wanted = total(files) - 1000;
      expect(calls.at(-1)).toEqual([wanted, wanted]);
      expect(new Set(calls.map(([, all]) => all))).toEqual(new Set([wanted]));
      expect(calls).toEqual([...calls].sort((a, b) => a[0] - b[0]));
    }
  });

  it("reports an unknown total as null and the right one at the end", async () => {
    const files = tinyModel();
    const calls: [number, number | null][] = [];
    await load(files, { onProgress: (loaded, all) => calls.push([loaded, all]) }, false);
    expect(calls[0]?.[1]).toBeNull();
    expect(calls.at(-1)).toEqual([total(files), total(files)]);
  });

  it("needs neither generation_config.json nor tokenizer_config.json, and uses them if they are there", async () => {
    const files = tinyModel();
    files.delete("generation_config.json");
    expect((await load(files)).facts.endTokens).toEqual([0]);
    expect((await load(files, {}, false)).facts.endTokens).toEqual([0]);
    files.set("generation_config.json", jsonBytes({ eos_token_id: [5, 0] }));
    files.set("tokenizer_config.json", jsonBytes({ eos_token: "<|mask|>", add_bos_token: false }));
    files.set("chat_template.jinja", new TextEncoder().encode("chat"));
    const model = await load(files);
    expect(model.facts.endTokens).toEqual([5, 0, 1]);
    expect(model.tokenizer.bosToken).toBeNull();
    expect(await model.tokenizer.renderChat([])).toBe("chat");
  });

  it("ignores a second copy of a tied head and stored rotary frequencies", async () => {
    const files = tinyModel();
    const { tensors } = await load(files);
    const written = tensors.names.map((name) => {
      const { source, dtype, shape } = tensors.get(name);
      return { name: source, dtype, shape, values: tensors.get(name).toFloat32() };
    });
    const head = {
      name: "lm_head.weight",
      dtype: "f32",
      shape: [TINY_VOCAB, 16],
      values: tensors.get("embed").toFloat32(),
    } as const;
    const turns = {
      name: "model.layers.0.self_attn.rotary_emb.inv_freq",
      dtype: "f32",
      shape: [2],
      values: [1, 0.1],
    } as const;
    files.set("model.safetensors", writeSafetensors([...written, head, turns]));
    expect((await load(files)).tensors.names).toEqual(tensors.names);
  });

  /** Loads and returns the names that were asked for, with what came of it. */
  async function watch(files: ModelFiles, canList: boolean): Promise<{ asked: string[]; thrown: unknown }> {
    const asked: string[] = [];
    const source = memorySource(files, { canList });
    const read = (name: string, options?: ReadOptions) => {
      asked.push(name);
      return source.read(name, options);
    };
    const thrown: unknown = await loadModel({ ...source, read }).then(
      () => null,
      (e: unknown) => e,
    );
    return { asked: asked.sort(), thrown };
  }

  it("asks a source that lists its files for no others", async () => {
    const files = tinyModel();
    expect(await watch(files, true)).toEqual({ asked: [...files.keys()].sort(), thrown: null });
    expect((await watch(files, false)).asked).toContain("tokenizer_config.json");
  });

  it("loads nothing large for a model that cannot run", async () => {
    const { asked, thrown } = await watch(tinyModel({ config: { model_type: "rwkv7" } }), true);
    expect(thrown).toEqual(error("unsupported", /"rwkv7", LlamaForCausalLM/));
    expect(asked).toEqual(["config.json", "generation_config.json", "tokenizer.json"]);
  });
});

describe("loadModel when cancelled", () => {
  it("rejects with code cancelled, whenever it happens", async () => {
    await expect(load(tinyModel(), { signal: AbortSignal.abort() })).rejects.toThrow(
      error("cancelled", /tiny/),
    );
    for (let call = 1; call < 9; call++) {
      const controller = new AbortController();
      let calls = 0;
      const onProgress = () => {
        if (++calls === call) controller.abort();
      };
      await expect(load(tinyModel(), { signal: controller.signal, onProgress })).rejects.toThrow(
        error("cancelled", /tiny/),
      );
    }
  });
});

describe("loadModel with bad files", () => {
  it.each(["config.json", "tokenizer.json"])("names a missing %s", async (name) => {
    await expectError((files) => files.delete(name), "load", new RegExp(`Expected ${name} in tiny`));
  });

  it("names missing weights", async () => {
    const files = tinyModel();
    files.delete("model.safetensors");
    await expect(load(files)).rejects.toThrow(
      error("load", /expected model\.safetensors or .*index\.json, found config\.json/),
    );
    await expect(load(files, {}, false)).rejects.toThrow(
      error("load", /Expected model\.safetensors in tiny/),
    );
  });

  it.each(["config.json", "generation_config.json", "tokenizer.json"])("names a damaged %s", async (name) => {
    const damage = (bytes: Uint8Array<ArrayBuffer>) => (files: ModelFiles) => files.set(name, bytes);
    await expectError(
      damage(new TextEncoder().encode("<html>")),
      "load",
      new RegExp(`tiny/${name}: expected JSON`),
    );
    await expectError(
      damage(new Uint8Array([0xff, 0xfe])),
      "load",
      new RegExp(`tiny/${name}: expected JSON`),
    );
  });

  it("names a cut-off weight file", async () => {
    const cut = (files: ModelFiles) => {
      files.set(
        "model.safetensors",
        (files.get("model.safetensors") as Uint8Array<ArrayBuffer>).slice(0, -4),
      );
    };
    await expectError(cut, "load", /tiny\/model\.safetensors: tensor ".*": expected offsets within/);
  });

  it("says when the tokenizer is too large for the model, with both sizes", async () => {
    await expectError(
      (files) => {
        const tokenizer = tinyTokenizer();
        tokenizer.model.vocab["extra"] = TINY_VOCAB;
        files.set("tokenizer.json", jsonBytes(tokenizer));
      },
      "load",
      new RegExp(`at most ${TINY_VOCAB} tokens .* found ${TINY_VOCAB + 1} in tokenizer\\.json`),
    );
  });

  it("names missing, misshapen and unknown tensors together", async () => {
    const files = tinyModel({ config: { intermediate_size: 32 } });
    files.set(
      "model.safetensors",
      writeSafetensors([
        { name: "model.norm.weight", dtype: "f32", shape: [15], values: Array.from({ length: 15 }, () => 1) },
        { name: "extra", dtype: "f32", shape: [1], values: [1] },
      ]),
    );
    const thrown = (await load(files).catch((e: unknown) => e)) as {
      code: string;
      message: string;
      detail: string;
    };
    expect(thrown.code).toBe("load");
    expect(thrown.message).toMatch(
      /expected 20 tensors, found 2\): missing "model\.embed_tokens\.weight" \[268, 16\]; .*; and 15 more/,
    );
    expect(thrown.detail.split("\n")).toHaveLength(21);
    expect(thrown.detail).toContain(
      'misshapen "model.norm.weight" in tiny/model.safetensors: expected [16], found [15]',
    );
    expect(thrown.detail).toContain('unknown "extra" in tiny/model.safetensors');
  });

  it("says which tensor does not fit config.json", async () => {
    const message =
      /misshapen "model\.layers\.0\.mlp\.gate_proj\.weight" .*: expected \[32, 16\], found \[24, 16\]/;
    await expect(load(tinyModel({ config: { intermediate_size: 32 } }))).rejects.toThrow(
      error("load", message),
    );
  });

  it.each(["f32", "f16", "bf16"] as const)("refuses %s weights that are no numbers", async (dtype) => {
    const files = tinyModel({ dtype });
    const { tensors } = await load(files);
    tensors.get("layers.0.wq").bytes.fill(255, 4, 8);
    expect(() => tensors.get("layers.0.wq").toFloat32()).toThrow(
      error(
        "load",
        new RegExp(
          `layers\\.0\\.self_attn\\.q_proj\\.weight": expected finite numbers, found NaN at index ${dtype === "f32" ? 1 : 2} of 256`,
        ),
      ),
    );
  });
});

describe("sharded weights", () => {
  const sharded = { shards: 2 };
  const index = "model.safetensors.index.json";
  const first = "model-00001-of-00002.safetensors";
  const editIndex = (edit: (map: Record<string, string>) => void) => (files: ModelFiles) => {
    const parsed = JSON.parse(new TextDecoder().decode(files.get(index))) as {
      weight_map: Record<string, string>;
    };
    edit(parsed.weight_map);
    files.set(index, jsonBytes(parsed));
  };

  it.each<[string, (files: ModelFiles) => void, RegExp]>([
    ["a missing shard", (files) => files.delete(first), /Expected model-00001-of-00002\.safetensors in tiny/],
    ["an index that is no index", (files) => files.set(index, jsonBytes({})), /index\.json .*weight_map/],
    [
      "an empty index",
      (files) => files.set(index, jsonBytes({ weight_map: {} })),
      /expected tensors in weight_map/,
    ],
    [
      "a tensor in another shard",
      editIndex((map) => (map["model.norm.weight"] = first)),
      /"model\.norm\.weight": expected in /,
    ],
    [
      "a tensor in no shard",
      editIndex((map) => (map["ghost"] = first)),
      /"ghost": expected in .*, found in no file/,
    ],
    [
      "a tensor not in the index",
      editIndex((map) => delete map["model.norm.weight"]),
      /expected in no file by/,
    ],
    [
      "a shard elsewhere",
      editIndex((map) => (map["ghost"] = "../../etc/x.safetensors")),
      /weight_map\.ghost/,
    ],
    [
      "a shard on another host",
      editIndex((map) => (map["ghost"] = "http://x.y/a.safetensors")),
      /weight_map\.ghost/,
    ],
  ])("names %s", async (_, change, message) => {
    await expectError(change, "load", message, sharded);
  });
});
