import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, type LoadedModel } from "../../../src/models/load";
import { llamaConfig } from "../../helpers/llama_config";
import { memorySource, tinyModel } from "../../helpers/tiny_model";
import { argmax, greedyText, LlamaReference, rmsNorm, rotate, softmax } from "../../reference/llama";

const far = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  Math.max(
    ...a.flatMap((row, t) => Array.from(row, (x, i) => Math.abs(x - ((b[t] as Float64Array)[i] as number)))),
  );

describe("the float64 reference", () => {
  let model: LoadedModel;
  beforeAll(async () => {
    model = await loadModel(memorySource(tinyModel({ tieEmbeddings: false, headDim: 12 })));
  });
  const make = (): LlamaReference => new LlamaReference(llamaConfig(model.config), model.tensors);
  const text = [0, 5, 9, 40, 41, 200, 7];

  it("computes the formulas of its parts", () => {
    const normed = rmsNorm(Float64Array.of(3, 4), [1, 2], 0.5);
    expect([...normed]).toEqual([3 / Math.sqrt(13), 8 / Math.sqrt(13)]);
    const probs = softmax(Float64Array.of(Math.log(1), Math.log(3), 1000 - 1000));
    expect([...probs].map((p) => p.toFixed(12))).toEqual([
      "0.200000000000",
      "0.600000000000",
      "0.200000000000",
    ]);
    expect(argmax([1, 3, 3])).toBe(1);
    // Pair (0, 2) turns by a whole radian a position, pair (1, 3) by 1 / sqrt(theta).
    const turned = rotate(Float64Array.of(1, 1, 0, 0), 2, 4, 100);
    expect([...turned].map((x) => x.toFixed(12))).toEqual(
      [Math.cos(2), Math.cos(0.2), Math.sin(2), Math.sin(0.2)].map((x) => x.toFixed(12)),
    );
  });

  it("gives dot products of rotated vectors that depend on the distance only", () => {
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
    const q = Float64Array.of(0.3, -1, 2, 0.5);
    const k = Float64Array.of(1, 0.2, -0.7, 1.5);
    const at = (m: number, n: number) => dot(rotate(q, m, 4, 10000), rotate(k, n, 4, 10000));
    expect(at(9, 4)).toBeCloseTo(at(25, 20), 12);
    expect(at(9, 4)).not.toBeCloseTo(at(4, 9), 3);
  });

  it("says the same whether a text is run at once or token by token", () => {
    const whole = make().forwardText(text);
    expect(whole.layers).toHaveLength(llamaConfig(model.config).nLayers + 1);
    expect(whole.logits[0]).toHaveLength(model.config.vocabSize);
    const cached = make();
    const logits = text.map((token) => cached.forwardText([token]).logits[0] as Float64Array);
    expect(far(logits, whole.logits)).toBe(0);
  });

  it("runs a tree whose branches each say what their text alone says, in any order of rows", () => {
    const branches = [[3, 8], [3, 9], [17]];
    const model = make();
    model.forwardText(text);
    // Nodes: 0 = 3, 1 = 17, 2 = 3,8 and 3 = 3,9; each sees the text, its ancestors and itself.
    const n = text.length;
    const nodes = [
      { token: 3, depth: 0, path: [0] },
      { token: 17, depth: 0, path: [1] },
      { token: 8, depth: 1, path: [0, 2] },
      { token: 9, depth: 1, path: [0, 3] },
    ];
    const rows = nodes.map(({ token, depth, path }) => ({
      token,
      position: n + depth,
      sees: (other: number) => other < n || path.includes(other - n),
    }));
    const tree = model.forward(rows).logits;
    const leaves = [2, 3, 1];
    branches.forEach((branch, i) => {
      const alone = make()
        .forwardText([...text, ...branch])
        .logits.at(-1) as Float64Array;
      expect(far([tree[leaves[i] as number] as Float64Array], [alone])).toBeLessThan(1e-12);
    });
    // The tree is forgotten: what follows the text is as before.
    model.truncate(n);
    expect(model.rows).toBe(n);
    const again = model.forwardText([17]).logits;
    expect(far(again, [tree[1] as Float64Array])).toBe(0);
  });

  it("lets rows see later rows if they may", () => {
    const causal = make().forwardText(text).logits;
    const both = make().forward(
      text.map((token, position) => ({ token, position, sees: () => true })),
    ).logits;
    expect(far([both.at(-1) as Float64Array], [causal.at(-1) as Float64Array])).toBeGreaterThan(1e-6);
    expect(far([both[0] as Float64Array], [causal[0] as Float64Array])).toBeGreaterThan(1e-3);
  });

  it("writes greedily until an end token or the count", () => {
    const tokens = greedyText(make(), text, 5);
    expect(tokens).toHaveLength(5);
    tokens.forEach((token, i) => {
      const logits = make()
        .forwardText([...text, ...tokens.slice(0, i)])
        .logits.at(-1) as Float64Array;
      expect(argmax(logits)).toBe(token);
    });
    const ending = new LlamaReference(
      { ...llamaConfig(model.config), endTokens: [tokens[1] as number] },
      model.tensors,
    );
    expect(greedyText(ending, text, 5)).toEqual(tokens.slice(0, 2));
  });
});
