/** Buffers and textures with accounting: who holds how many bytes and for what, the high-water mark, and errors where memory runs out. */
import { DecoscopeError } from "../base/errors";
import type { Gpu } from "./device";

/** Bytes that are bound together: a whole buffer or a range of it (offset a multiple of 256). */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}
/**
 * What memory is for. `weights`: of models. `cache`: keys and values of texts, or the states of models that keep such instead.
 * `scratch`: everything else that kernels read and write. `params`: uniforms of recorded work. `staging`: what is on its way to
 * the device or back.
 */
export const MEMORY_USES = ["weights", "cache", "scratch", "params", "staging"] as const;
export type MemoryUse = (typeof MEMORY_USES)[number];

/** What an allocation is counted as. */
export interface Account {
  readonly use: MemoryUse;
  /** Id of the model that it was made for; none for what the models of a run share. */
  readonly model?: string | undefined;
  /** How numbers are kept in it, where that is a choice: of weights and caches. */
  readonly storage?: string | undefined;
}

/** What lies in the device's memory. */
export type Held = GPUBuffer | GPUTexture;
/** Bytes of a buffer, or of a texture of four f32 a texel. */
export const bytesOf = (held: Held): number => ("size" in held ? held.size : 16 * held.width * held.height);

export const whole = (buffer: GPUBuffer): BufferRange => ({ buffer, offset: 0, size: buffer.size });

export interface BufferSpec extends Account {
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

export interface TextureSpec extends Account {
  readonly label: string;
  /** Texels of four f32. */
  readonly size: readonly [width: number, height: number];
  readonly usage: GPUTextureUsageFlags;
}

/** Bytes that are counted as the same: one line of an account. */
export interface MemoryLine {
  readonly use: MemoryUse;
  /** Null for what the models of a run share. */
  readonly model: string | null;
  readonly storage: string | null;
  readonly bytes: number;
}

export interface MemoryReport {
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly byOwner: readonly { readonly owner: string; readonly bytes: number }[];
  /** What is held now; the lines sum to `liveBytes`. */
  readonly live: readonly MemoryLine[];
  /** What was held when it was most; the lines sum to `peakBytes`. */
  readonly peak: readonly MemoryLine[];
}

const lineOf = ({ use, model, storage }: Account): Omit<MemoryLine, "bytes"> => ({
  use,
  model: model ?? null,
  storage: storage ?? null,
});

/** All buffers and textures of a device are made here; nothing is allocated per step, so this is not built for speed. */
export class Memory {
  private readonly live = new Map<Held, Account & { readonly label: string }>();
  /** By use, model and storage: kept up to date, so that the account of the peak is a copy. */
  private readonly lines = new Map<string, MemoryLine>();
  private peak: readonly MemoryLine[] = [];
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
    return this.hold(buffer, spec);
  }

  /** Makes a texture of four f32 a texel. */
  createTexture(spec: TextureSpec): GPUTexture {
    const { label, size, usage } = spec;
    return this.hold(
      this.gpu.device.createTexture({ label, size: [...size], format: "rgba32float", usage }),
      spec,
    );
  }

  private hold<T extends Held>(held: T, spec: Account & { readonly label: string }): T {
    this.live.set(held, spec);
    this.count(spec, bytesOf(held));
    return held;
  }

  private count(account: Account, bytes: number): void {
    const line = lineOf(account);
    const key = JSON.stringify(line);
    const sum = (this.lines.get(key)?.bytes ?? 0) + bytes;
    if (sum === 0) this.lines.delete(key);
    else this.lines.set(key, { ...line, bytes: sum });
    this.liveBytes += bytes;
    if (this.liveBytes <= this.peakBytes) return;
    this.peakBytes = this.liveBytes;
    this.peak = [...this.lines.values()];
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
    const account = this.live.get(held);
    if (!account) return;
    this.live.delete(held);
    this.count(account, -bytesOf(held));
    held.destroy();
  }

  /** Owners are the parts of labels before the first dot. */
  report(): MemoryReport {
    const owners = new Map<string, number>();
    for (const [held, { label }] of this.live) {
      const owner = label.split(".")[0]!;
      owners.set(owner, (owners.get(owner) ?? 0) + bytesOf(held));
    }
    return {
      liveBytes: this.liveBytes,
      peakBytes: this.peakBytes,
      byOwner: [...owners].map(([owner, bytes]) => ({ owner, bytes })).sort((a, b) => b.bytes - a.bytes),
      live: [...this.lines.values()],
      peak: this.peak,
    };
  }

  /** Every buffer and texture that was not freed. */
  held(): { readonly label: string; readonly bytes: number }[] {
    return [...this.live].map(([held, { label }]) => ({ label, bytes: bytesOf(held) }));
  }

  /** Labels of buffers and textures that were not freed; empty after everything was disposed of. */
  leaks(): string[] {
    return [...this.live.values()].map(({ label }) => label);
  }
}
