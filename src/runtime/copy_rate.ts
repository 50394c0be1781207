/** Bytes a second that a device moves in a plain copy: what speeds of decoding are to be compared with. */
import type { Engine } from "../engine/dispatch_list";

/** More than the caches of most GPUs hold; on a CPU smaller copies say the same. */
const COPY_BYTES = 1 << 26;
const SOFTWARE_COPY_BYTES = 1 << 24;
const COPIES = 4;
const TRIALS = 5;

export interface CopyRate {
  /** Of one buffer to another; each copy reads and writes as many. */
  readonly bytes: number;
  /** Median time of one copy. */
  readonly ms: number;
  /** Read and written. */
  readonly bytesPerSecond: number;
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** @throws DecoscopeError "limit" if the device has no room for two buffers */
export async function copyRate(engine: Engine, now: () => number): Promise<CopyRate> {
  const { gpu, memory } = engine;
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
  const wanted = gpu.isSoftware ? SOFTWARE_COPY_BYTES : COPY_BYTES;
  const bytes = Math.min(wanted, maxBufferSize, maxStorageBufferBindingSize);
  return memory.checked("a copy", async () => {
    const [from, to] = ["from", "to"].map((name) =>
      memory.create({ label: `copy.${name}`, bytes, use: "scratch" }),
    ) as [GPUBuffer, GPUBuffer];
    try {
      const times: number[] = [];
      // The first trial warms up: pages are touched, clocks rise.
      for (let trial = 0; trial <= TRIALS; trial++) {
        const start = now();
        const encoder = gpu.device.createCommandEncoder({ label: "copy" });
        for (let i = 0; i < COPIES; i++) encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
        gpu.device.queue.submit([encoder.finish()]);
        await gpu.device.queue.onSubmittedWorkDone();
        if (trial > 0) times.push((now() - start) / COPIES);
      }
      const ms = median(times);
      return { bytes, ms, bytesPerSecond: (2000 * bytes) / ms };
    } finally {
      memory.free(from);
      memory.free(to);
    }
  });
}
