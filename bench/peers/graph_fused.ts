/**
 * The same decoder in the fused operators of transformers.js checkpoints: one GroupQueryAttention a layer that turns
 * queries and keys, appends to the cache and attends, and norms that add the residual. Queries, keys and values come
 * from one packed product.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
import { type Checkpoint, rotaryTables } from "./checkpoint";
import { Builder, finish } from "./graph";
import { ElementType, type Graph } from "./onnx";
import type { Product } from "./products";

const MICROSOFT = "com.microsoft";

export function fusedGraph(checkpoint: Checkpoint, product: Product): Graph {
  const b = new Builder(checkpoint, product);
  const { shape } = checkpoint;
  const { dim, nHeads, nKvHeads, headDim, maxContext } = shape;
  const { cos, sin } = rotaryTables(shape);
  const cosTable = b.weights("cos", [maxContext, headDim / 2], cos);
  const sinTable = b.weights("sin", [maxContext, headDim / 2], sin);
  const epsilon = { float: shape.normEps };

  /** The sum of stream and addition, and its norm. */
  const addNorm = (stream: string, added: string, weight: string): { normed: string; sum: string } => {
    const id = `skip${String(b.nodes.length)}`;
    b.opOf(
      MICROSOFT,
      "SkipSimplifiedLayerNormalization",
      [stream, added, b.vector(weight)],
      [`${id}_normed`, "", "", `${id}_sum`],
      { epsilon },
    );
    return { normed: `${id}_normed`, sum: `${id}_sum` };
  };

  const embedding = checkpoint.tensor("model.embed_tokens.weight");
  let sum = b.op("Gather", [b.weights("embed", [shape.vocabSize, dim], embedding), "tokens"], { axis: 0 });
  let normed = b.op(
    "SimplifiedLayerNormalization",
    [sum, b.vector("model.layers.0.input_layernorm.weight")],
    {
      axis: -1,
      epsilon,
    },
  );
  for (let layer = 0; layer < shape.nLayers; layer++) {
    const at = `model.layers.${String(layer)}`;
    const cache = (when: string): string[] =>
      ["key", "value"].map((part) => `${when}.${String(layer)}.${part}`);
    const qkv = b.linear(
      normed,
      ["q", "k", "v"].map((part) => `${at}.self_attn.${part}_proj.weight`),
    );
    const [attended = ""] = b.opOf(
      MICROSOFT,
      "GroupQueryAttention",
      [qkv, "", "", ...cache("past"), "seqlens_k", "total_length", cosTable, sinTable],
      [`attended${String(layer)}`, ...cache("present")],
      { num_heads: nHeads, kv_num_heads: nKvHeads, do_rotary: 1, scale: { float: headDim ** -0.5 } },
    );
    const out = b.linear(attended, `${at}.self_attn.o_proj.weight`);
    const middle = addNorm(sum, out, `${at}.post_attention_layernorm.weight`);

    const gate = b.linear(middle.normed, `${at}.mlp.gate_proj.weight`);
    const up = b.linear(middle.normed, `${at}.mlp.up_proj.weight`);
    const gated = b.op("Mul", [b.op("Mul", [gate, b.op("Sigmoid", [gate])]), up]);
    const down = b.linear(gated, `${at}.mlp.down_proj.weight`);
    const isLast = layer === shape.nLayers - 1;
    const next = isLast ? "model.norm.weight" : `model.layers.${String(layer + 1)}.input_layernorm.weight`;
    ({ normed, sum } = addNorm(middle.sum, down, next));
  }
  b.linear(normed, "model.embed_tokens.weight", "logits");
  return finish(b, [
    { name: "tokens", type: ElementType.int64, dims: [1, "new_length"] },
    { name: "seqlens_k", type: ElementType.int32, dims: [1] },
    { name: "total_length", type: ElementType.int32, dims: [] },
  ]);
}
