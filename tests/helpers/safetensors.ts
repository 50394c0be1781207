/** Writes safetensors files for tests. */
import type { StoredDtype } from "../../src/models/model";

export interface WrittenTensor {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Bits of the f16 nearest to x, ties to even. */
export function halfBits(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // Values below 2^-14 share one spacing, 2^-24; the others have 1024 steps between two powers of two.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = roundToEven(size / 2 ** (exponent - 10));
  return sign | (steps + (exponent + 14) * 1024);
}

/** Bits of the bfloat16 nearest to x, ties to even. */
export function bfloatBits(x: number): number {
  const [bits] = new Uint32Array(Float32Array.of(x).buffer) as unknown as [number];
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function encode({ dtype, values }: WrittenTensor): Uint8Array {
  const numbers = Array.from(values);
  const data =
    dtype === "f32"
      ? Float32Array.from(numbers)
      : Uint16Array.from(numbers, dtype === "f16" ? halfBits : bfloatBits);
  return new Uint8Array(data.buffer);
}

/** A file of any header and data, however wrong. */
export function rawSafetensors(header: unknown, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

/** A correct file. The header is not padded, so tensors start at any address. */
export function writeSafetensors(tensors: readonly WrittenTensor[]): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  const parts = tensors.map(encode);
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  tensors.forEach(({ name, dtype, shape }, i) => {
    const part = parts[i] as Uint8Array;
    data.set(part, at);
    header[name] = { dtype: dtype.toUpperCase(), shape, data_offsets: [at, at + part.length] };
    at += part.length;
  });
  return rawSafetensors(header, data);
}
