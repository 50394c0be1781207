/** Buffers and textures with accounting: who holds how many bytes, the high-water mark, and errors where memory runs out. */
import { DecoscopeError } from "../base/errors";
import type { Gpu } from "./device";

/** Bytes that are bound together: a whole buffer or a range of it (offset a multiple of 256). */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}
/** What lies in the device's memory. */
export type Held = GPUBuffer | GPUTexture;
/** Bytes of a buffer, or of a texture of four f32 a texel. */
export const bytesOf = (held: Held): number => ("size" in held ? held.size : 16 * held.width * held.height);

export const whole = (buffer: GPUBuffer): BufferRange => ({ buffer, offset: 0, size: buffer.size });

export interface BufferSpec {
  /** `owner.thing`, for example `story-target.layer3.cache`. */
  readonly label: string;
  readonly bytes: number;
  /** Defaults to storage that can be copied from and to. */
  readonly usage?: GPUBufferUsageFlags;
}

// Written out since GPUBufferUsage exists only where WebGPU does, and this file also loads without.
const STORAGE = 0x80;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const ANY_STORAGE = STORAGE | COPY_SRC | COPY_DST;

export interface MemoryReport {
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly byOwner: readonly { readonly owner: string; readonly bytes: number }[];
}

/** All buffers and textures of a device are made here; nothing is allocated per step, so this is not built for speed. */
export class Memory {
  private readonly live = new Map<Held, string>();
  private liveBytes = 0;
  private peakBytes = 0;

  constructor(private readonly gpu: Gpu) {}

  /** Makes one buffer, zeroed. Errors surface in {@link Memory.checked} or as uncaptured errors. */
  create(spec: BufferSpec): GPUBuffer {
    const size = Math.max(16, Math.ceil(spec.bytes / 16) * 16);
    const limits = this.gpu.device.limits;
    const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
    if (size > limit) {
      throw new DecoscopeError(
        "limit",
        `${spec.label} needs ${size} bytes in one buffer, this device allows ${limit}. Choose a smaller model or context.`,
      );
    }
    const buffer = this.gpu.device.createBuffer({
      label: spec.label,
      size,
      usage: spec.usage ?? ANY_STORAGE,
    });
    return this.hold(buffer, spec.label);
  }

  /** Takes account of something made outside, to be given back by {@link Memory.free}. */
  hold<T extends Held>(held: T, label: string): T {
    this.live.set(held, label);
    this.liveBytes += bytesOf(held);
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return held;
  }

  /**
   * Runs `allocate` inside error scopes and waits for their verdict.
   * @throws DecoscopeError "limit" if memory ran out; what was made inside is then freed
   */
  async checked<T>(what: string, allocate: () => T | Promise<T>): Promise<T> {
    const before = new Set(this.live.keys());
    const { device } = this.gpu;
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const attempt = await Promise.resolve()
      .then(allocate)
      .then(
        (value) => ({ value, failure: null }),
        (e: unknown) => ({ value: null, failure: e instanceof Error ? e : new Error(String(e)) }),
      );
    const outOfMemory = await device.popErrorScope();
    const invalid = await device.popErrorScope();
    if (outOfMemory || invalid || attempt.failure) {
      for (const held of [...this.live.keys()]) if (!before.has(held)) this.free(held);
    }
    if (outOfMemory) {
      throw new DecoscopeError(
        "limit",
        `The GPU has no memory left for ${what}. Close other tabs that use it, or choose a smaller model or context.`,
        outOfMemory.message,
      );
    }
    if (attempt.failure) throw attempt.failure;
    if (invalid) throw new DecoscopeError("limit", `The GPU refused to set up ${what}.`, invalid.message);
    return attempt.value;
  }

  free(held: Held): void {
    if (!this.live.delete(held)) return;
    this.liveBytes -= bytesOf(held);
    held.destroy();
  }

  /** Owners are the parts of labels before the first dot. */
  report(): MemoryReport {
    const owners = new Map<string, number>();
    for (const [held, label] of this.live) {
      const owner = label.split(".")[0]!;
      owners.set(owner, (owners.get(owner) ?? 0) + bytesOf(held));
    }
    return {
      liveBytes: this.liveBytes,
      peakBytes: this.peakBytes,
      byOwner: [...owners].map(([owner, bytes]) => ({ owner, bytes })).sort((a, b) => b.bytes - a.bytes),
    };
  }

  /** Every buffer and texture that was not freed. */
  held(): { readonly label: string; readonly bytes: number }[] {
    return [...this.live].map(([held, label]) => ({ label, bytes: bytesOf(held) }));
  }

  /** Labels of buffers and textures that were not freed; empty after everything was disposed of. */
  leaks(): string[] {
    return [...this.live.values()];
  }
}
