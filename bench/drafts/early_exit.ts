/** A model cut off after its first layers, with its own final norm and head: a draft model where none was trained. */
import type { ModelSource } from "../../src/models/source";

const WEIGHTS = "model.safetensors";
const encoder = new TextEncoder();

interface Entry {
  readonly data_offsets: readonly [number, number];
}

/** The same file without the layers from `layers` on; the header is padded to 8 bytes. */
export function withoutLayers(file: Uint8Array, layers: number): Uint8Array<ArrayBuffer> {
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes))) as Record<
    string,
    Entry
  >;
  const data = file.subarray(8 + headerBytes);
  const kept: Record<string, Entry> = {};
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const [name, entry] of Object.entries(header)) {
    const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1];
    if (name === "__metadata__" || (layer !== undefined && Number(layer) >= layers)) continue;
    const [from, to] = entry.data_offsets;
    parts.push(data.subarray(from, to));
    kept[name] = { ...entry, data_offsets: [size, size + to - from] };
    size += to - from;
  }
  const text = JSON.stringify(kept);
  const head = encoder.encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const whole = new Uint8Array(8 + head.length + size);
  new DataView(whole.buffer).setBigUint64(0, BigInt(head.length), true);
  let at = 8;
  for (const part of [head, ...parts]) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The first `layers` layers of a model whose weights are one safetensors file. */
export function firstLayers(source: ModelSource, layers: number, id: string): ModelSource {
  return {
    id,
    async read(name, options) {
      const bytes = await source.read(name, options);
      if (name === WEIGHTS) return withoutLayers(bytes, layers);
      if (name !== "config.json") return bytes;
      const config = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      return encoder.encode(JSON.stringify({ ...config, num_hidden_layers: layers }));
    },
  };
}
