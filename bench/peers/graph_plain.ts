/**
 * A Llama decoder in standard ONNX operators, laid out as PyTorch exports it. Kinder than an export in two ways: the
 * attention bias comes in ready-made, and positions need no arithmetic.
 */
import { type Checkpoint, rotaryTables } from "./checkpoint";
import { Builder, finish } from "./graph";
import { ElementType, type Graph } from "./onnx";
import type { Product } from "./products";

export function plainGraph(checkpoint: Checkpoint, product: Product): Graph {
  const b = new Builder(checkpoint, product);
  const { shape } = checkpoint;
  const { dim, nHeads, nKvHeads, headDim, maxContext } = shape;
  const { cos, sin } = rotaryTables(shape);

  const norm = (x: string, weight: string): string => {
    const mean = b.op("ReduceMean", [b.op("Pow", [x, b.scalar(2)])], { axes: [-1], keepdims: 1 });
    const scale = b.op("Sqrt", [b.op("Add", [mean, b.scalar(shape.normEps)])]);
    return b.op("Mul", [b.vector(weight), b.op("Mul", [x, b.op("Div", [b.scalar(1), scale])])]);
  };
  /** Both halves of a head turn by the same angles: the table's columns stand twice. */
  const angles = (name: string, table: Float32Array): string => {
    const half = headDim / 2;
    const twice = new Float32Array(maxContext * headDim);
    for (let row = 0; row < maxContext; row++) {
      const values = table.subarray(row * half, (row + 1) * half);
      twice.set(values, row * headDim);
      twice.set(values, row * headDim + half);
    }
    const rows = b.op("Gather", [b.weights(name, [maxContext, headDim], twice), "positions"], { axis: 0 });
    return b.op("Unsqueeze", [rows, b.integers(1)]);
  };
  const cosines = angles("cos", cos);
  const sines = angles("sin", sin);
  const rotate = (x: string): string => {
    const slice = (from: number, to: number): string =>
      b.op("Slice", [x, b.integers(from), b.integers(to), b.integers(3)]);
    const turned = b.op("Concat", [b.op("Neg", [slice(headDim / 2, headDim)]), slice(0, headDim / 2)], {
      axis: 3,
    });
    return b.op("Add", [b.op("Mul", [x, cosines]), b.op("Mul", [turned, sines])]);
  };
  const heads = (x: string, count: number): string =>
    b.op("Transpose", [b.op("Reshape", [x, b.integers(1, -1, count, headDim)])], { perm: [0, 2, 1, 3] });
  /** Keys and values of each head for the query heads that share it. */
  const shared = (x: string): string => {
    const group = nHeads / nKvHeads;
    const copies = b.op("Concat", Array<string>(group).fill(b.op("Unsqueeze", [x, b.integers(2)])), {
      axis: 2,
    });
    return b.op("Reshape", [copies, b.integers(1, nHeads, -1, headDim)]);
  };

  const embedding = checkpoint.tensor("model.embed_tokens.weight");
  let x = b.op("Gather", [b.weights("embed", [shape.vocabSize, dim], embedding), "tokens"], { axis: 0 });
  for (let layer = 0; layer < shape.nLayers; layer++) {
    const at = `model.layers.${String(layer)}`;
    const h = norm(x, `${at}.input_layernorm.weight`);
    const q = rotate(heads(b.linear(h, `${at}.self_attn.q_proj.weight`), nHeads));
    const k = rotate(heads(b.linear(h, `${at}.self_attn.k_proj.weight`), nKvHeads));
    const v = heads(b.linear(h, `${at}.self_attn.v_proj.weight`), nKvHeads);
    const grown = (part: string, added: string): string =>
      b.opOf("", "Concat", [`past.${String(layer)}.${part}`, added], [`present.${String(layer)}.${part}`], {
        axis: 2,
      })[0] ?? "";
    const keys = b.op("Transpose", [shared(grown("key", k))], { perm: [0, 1, 3, 2] });
    const values = shared(grown("value", v));
    const scores = b.op("Mul", [b.op("MatMul", [q, keys]), b.scalar(headDim ** -0.5)]);
    const probs = b.op("Softmax", [b.op("Add", [scores, "bias"])], { axis: -1 });
    const mixed = b.op("Transpose", [b.op("MatMul", [probs, values])], { perm: [0, 2, 1, 3] });
    const flat = b.op("Reshape", [mixed, b.integers(1, -1, nHeads * headDim)]);
    x = b.op("Add", [x, b.linear(flat, `${at}.self_attn.o_proj.weight`)]);

    const g = norm(x, `${at}.post_attention_layernorm.weight`);
    const gate = b.linear(g, `${at}.mlp.gate_proj.weight`);
    const up = b.linear(g, `${at}.mlp.up_proj.weight`);
    const gated = b.op("Mul", [b.op("Mul", [gate, b.op("Sigmoid", [gate])]), up]);
    x = b.op("Add", [x, b.linear(gated, `${at}.mlp.down_proj.weight`)]);
  }
  const last = norm(x, "model.norm.weight");
  b.linear(last, "model.embed_tokens.weight", "logits");
  return finish(b, [
    { name: "tokens", type: ElementType.int64, dims: [1, "new_length"] },
    { name: "positions", type: ElementType.int64, dims: [1, "new_length"] },
    { name: "bias", type: ElementType.float, dims: [1, 1, "new_length", "total_length"] },
  ]);
}
