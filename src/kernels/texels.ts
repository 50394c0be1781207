/** Weights in a texture, for adapters that sample faster than they load; fetched by those alone. */
import type { Engine } from "../engine/dispatch_list";
import { quadsOf, type WeightMatrix } from "./weights";

// Written out since GPUTextureUsage exists only where WebGPU does, and this file also loads without.
const TEXTURE_BINDING = 0x04;
const COPY_DST = 0x02;

/**
 * The same matrix, one that `fitsTexels`, with its texels copied from `data`, which stays what it was: the texture lies
 * [quads, cols] as the blocks do, four rows by one column a texel.
 */
export function withTexels(
  { gpu, memory }: Engine,
  label: string,
  w: WeightMatrix,
  model?: string,
): WeightMatrix {
  const { device } = gpu;
  const size = [w.cols, quadsOf(w.rows)] as const;
  const texels = memory.createTexture({
    label: `${label}.texels`,
    size,
    usage: TEXTURE_BINDING | COPY_DST,
    use: "weights",
    model,
    storage: w.storage,
  });
  const { buffer, offset } = w.data;
  const encoder = device.createCommandEncoder({ label });
  encoder.copyBufferToTexture({ buffer, offset, bytesPerRow: 16 * w.cols }, { texture: texels }, [...size]);
  device.queue.submit([encoder.finish()]);
  return { ...w, texels };
}
