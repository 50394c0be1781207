/** What both ONNX graphs share: a builder, and the inputs and outputs of a decoder with its cache. */
import type { Checkpoint } from "./checkpoint";
import { matrixOf, type Product } from "./products";
import { type Attribute, ElementType, type Graph, type Initializer, type Node, type Value } from "./onnx";

/** Collects nodes and weights; every method returns the name of what it added. */
export class Builder {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];

  constructor(
    readonly checkpoint: Checkpoint,
    private readonly product: Product,
  ) {}

  op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.opOf("", op, inputs, 1, attributes)[0] ?? "";
  }

  /** An operator of any domain with several outputs; a name of "" leaves an output or input out. */
  opOf(
    domain: string,
    op: string,
    inputs: readonly string[],
    outputs: number | readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    const names =
      typeof outputs === "number"
        ? Array.from({ length: outputs }, (_, i) => `v${String(this.nodes.length)}_${String(i)}`)
        : outputs;
    this.nodes.push({ op, inputs, outputs: names, attributes, domain });
    return names;
  }

  weights(name: string, dims: readonly number[], data: Initializer["data"]): string {
    if (!this.initializers.some((known) => known.name === name)) this.initializers.push({ name, dims, data });
    return name;
  }

  integers(...values: readonly number[]): string {
    const name = `i_${values.join("_")}`;
    if (!this.initializers.some((known) => known.name === name))
      this.initializers.push({ name, dims: [values.length], data: BigInt64Array.from(values.map(BigInt)) });
    return name;
  }

  scalar(value: number): string {
    return this.weights(`s_${String(value)}`, [], Float32Array.of(value));
  }

  /** x [.., in] times the checkpoint's matrices [out, in], one under another; `output` names what comes of it. */
  linear(x: string, names: string | readonly string[], output?: string): string {
    return this.product(this, x, matrixOf(this.checkpoint, [names].flat()), output);
  }

  vector(name: string): string {
    const data = this.checkpoint.tensor(name);
    return this.weights(name, [data.length], data);
  }
}

const cacheDims = ({ shape }: Checkpoint, length: string): Value["dims"] => [
  1,
  shape.nKvHeads,
  length,
  shape.headDim,
];

const layerNames = (nLayers: number): string[] =>
  Array.from({ length: nLayers }, (_, layer) =>
    ["key", "value"].map((part) => `${String(layer)}.${part}`),
  ).flat();

/** The finished graph: caches in (`past.<layer>.key`) and out (`present.<layer>.key`) beside the given inputs. */
export function finish(builder: Builder, inputs: readonly Value[]): Graph {
  const { checkpoint } = builder;
  const names = layerNames(checkpoint.shape.nLayers);
  const caches = (prefix: string, length: string): Value[] =>
    names.map((name) => ({
      name: `${prefix}.${name}`,
      type: ElementType.float,
      dims: cacheDims(checkpoint, length),
    }));
  const { vocabSize } = checkpoint.shape;
  return {
    inputs: [...inputs, ...caches("past", "past_length")],
    outputs: [
      { name: "logits", type: ElementType.float, dims: [1, "new_length", vocabSize] },
      ...caches("present", "total_length"),
    ],
    initializers: builder.initializers,
    nodes: builder.nodes,
  };
}
