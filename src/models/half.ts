/** 16-bit floats to f32: exact in both cases, because every f16 and bf16 value is also an f32 value. */

let f16Table: Float32Array | null = null;

/** All 65,536 values of f16, made on first use (256 KiB). */
function halfTable(): Float32Array {
  if (f16Table) return f16Table;
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction ? NaN : sign * Infinity;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return (f16Table = table);
}

/** f32 values of IEEE 754 half-precision bits. */
export function floatsFromF16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const table = halfTable();
  const floats = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) floats[i] = table[bits[i] as number] as number;
  return floats;
}

/** f32 values of bfloat16 bits, which are the upper halves of f32 bits. */
export function floatsFromBf16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(bits.length);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return floats;
}
