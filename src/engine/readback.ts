/** Reading small results without waiting in line: a ring of staging buffers, each mapped while the next is filled. */
import { type Gpu, lossOf } from "./device";
import type { Memory } from "./memory";

const MAP_READ = 0x01;
const COPY_DST = 0x08;

interface Slot {
  readonly buffer: GPUBuffer;
  busy: boolean;
}

export class ReadbackRing {
  private readonly slots: Slot[] = [];
  private readonly waiting: (() => void)[] = [];
  private retired = false;

  constructor(
    private readonly gpu: Gpu,
    private readonly memory: Memory,
    label: string,
    readonly bytes: number,
    depth = 3,
  ) {
    for (let i = 0; i < depth; i++) {
      this.slots.push({
        buffer: memory.create({
          label: `${label}.staging${i}`,
          bytes,
          use: "staging",
          usage: MAP_READ | COPY_DST,
        }),
        busy: false,
      });
    }
  }

  /** A staging buffer to copy into; waits if all are in flight. */
  async take(): Promise<GPUBuffer> {
    for (;;) {
      const free = this.slots.find((s) => !s.busy);
      if (free) {
        free.busy = true;
        return free.buffer;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /**
   * The first `bytes` of a staging buffer, once the GPU has filled it; a copy, the buffer goes back to the ring.
   * @throws DecoscopeError "device_lost" if the device went away meanwhile
   */
  async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    try {
      await mapWhileNudging(this.gpu, buffer, bytes);
      const copy = buffer.getMappedRange(0, bytes).slice(0);
      buffer.unmap();
      return copy;
    } catch (e) {
      throw (await lossOf(this.gpu)) ?? e;
    } finally {
      const slot = this.slots.find((s) => s.buffer === buffer);
      if (slot) this.release(slot);
      this.waiting.shift()?.();
    }
  }

  dispose(): void {
    for (const s of this.slots) this.memory.free(s.buffer);
    this.slots.length = 0;
  }

  /** Frees what is idle now and the rest as soon as it was read. */
  disposeWhenIdle(): void {
    this.retired = true;
    for (const s of [...this.slots]) if (!s.busy) this.release(s);
  }

  private release(slot: Slot): void {
    slot.busy = false;
    if (!this.retired) return;
    this.slots.splice(this.slots.indexOf(slot), 1);
    this.memory.free(slot.buffer);
  }
}

const NUDGE_MS = 2;

/**
 * mapAsync, but not left to Firefox's 100 ms timer: while the map is pending, an empty submit now and then makes that
 * browser look at its queue (Mozilla bug 1870699). Other browsers resolve before the first nudge or do not mind.
 */
async function mapWhileNudging(gpu: Gpu, buffer: GPUBuffer, bytes: number): Promise<void> {
  const isFirefox = typeof navigator !== "undefined" && /Firefox/.test(navigator.userAgent);
  const mapped = buffer.mapAsync(MAP_READ, 0, bytes);
  const timer = isFirefox ? setInterval(() => gpu.device.queue.submit([]), NUDGE_MS) : null;
  try {
    await mapped;
  } finally {
    if (timer !== null) clearInterval(timer);
  }
}
