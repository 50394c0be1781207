/**
 * Writes ONNX files: as much of the protobuf schema as the graphs of this benchmark need, and nothing to read them.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto for the field numbers
 */

type Chunk = Uint8Array;

function varint(value: number | bigint): Chunk {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function concat(chunks: readonly Chunk[]): Chunk {
  const all = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Wire types of protobuf: 0 a varint, 2 bytes with their length, 5 four bytes. */
const number = (field: number, value: number): Chunk => concat([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Chunk): Chunk =>
  concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field: number, value: string): Chunk => bytes(field, new TextEncoder().encode(value));
const float = (field: number, value: number): Chunk =>
  concat([varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]);

/** ONNX numbers of the element types used here. */
export const ElementType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = (typeof ElementType)[keyof typeof ElementType];

/** An attribute's value: a whole number, `{ float }`, or a list of whole numbers. */
export type Attribute = number | { readonly float: number } | readonly number[];

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** "" for standard operators. */
  readonly domain?: string;
}

export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

/** An input or output of the graph; a dimension with a name may differ from run to run. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly Node[];
}

function encodeAttribute(name: string, value: Attribute): Chunk {
  if (typeof value === "number") return concat([text(1, name), number(3, value), number(20, 2)]);
  if ("float" in value) return concat([text(1, name), float(2, value.float), number(20, 1)]);
  return concat([text(1, name), ...value.map((v) => number(8, v)), number(20, 7)]);
}

const encodeNode = ({ op, inputs, outputs, attributes = {}, domain = "" }: Node): Chunk =>
  concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    // Unique, so that a profiler can tell nodes apart.
    text(3, `${op}:${outputs[0] ?? ""}`),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
    text(7, domain),
  ]);

function typeOf(data: Initializer["data"]): ElementType {
  if (data instanceof Float32Array) return ElementType.float;
  if (data instanceof Uint8Array) return ElementType.uint8;
  if (data instanceof Int8Array) return ElementType.int8;
  return data instanceof Int32Array ? ElementType.int32 : ElementType.int64;
}

const encodeInitializer = ({ name, dims, data }: Initializer): Chunk =>
  concat([
    ...dims.map((d) => number(1, d)),
    number(2, typeOf(data)),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);

const encodeValue = ({ name, type, dims }: Value): Chunk => {
  const shape = dims.map((d) => bytes(1, typeof d === "number" ? number(1, d) : text(2, d)));
  return concat([text(1, name), bytes(2, bytes(1, concat([number(1, type), bytes(2, concat(shape))])))]);
};

const operatorSet = (domain: string, version: number): Chunk =>
  bytes(8, concat([text(1, domain), number(2, version)]));

/** The bytes of a model file with standard operators of set 17 and Microsoft's of set 1. */
export function encodeModel(graph: Graph): Uint8Array {
  const encoded = concat([
    ...graph.nodes.map((node) => bytes(1, encodeNode(node))),
    text(2, "decoder"),
    ...graph.initializers.map((tensor) => bytes(5, encodeInitializer(tensor))),
    ...graph.inputs.map((value) => bytes(11, encodeValue(value))),
    ...graph.outputs.map((value) => bytes(12, encodeValue(value))),
  ]);
  return concat([
    number(1, 9),
    text(2, "decoscope-bench"),
    bytes(7, encoded),
    operatorSet("", 17),
    operatorSet("com.microsoft", 1),
  ]);
}
