/** GPU time per kernel from timestamp queries. Times exist only at pass boundaries, so profiling costs one pass each. */
import type { Gpu } from "./device";
import type { Memory } from "./memory";

export interface KernelTime {
  /** Kernel and variant. */
  readonly name: string;
  readonly calls: number;
  readonly timeMs: number;
}

const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const MAP_READ = 0x01;

/** Make one only if the device has timestamps. Between `beginPass` calls and `collect` at most `capacity` passes fit. */
export class Profiler {
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private readonly staging: GPUBuffer;
  private names: string[] = [];

  constructor(
    private readonly gpu: Gpu,
    private readonly memory: Memory,
    private readonly capacity = 2048,
  ) {
    this.queries = gpu.device.createQuerySet({ label: "profiler", type: "timestamp", count: 2 * capacity });
    const bytes = 16 * capacity;
    this.resolved = memory.create({
      label: "profiler.resolved",
      bytes,
      use: "staging",
      usage: QUERY_RESOLVE | COPY_SRC,
    });
    this.staging = memory.create({
      label: "profiler.staging",
      bytes,
      use: "staging",
      usage: MAP_READ | COPY_DST,
    });
  }

  /** Passes timed since the last collect. */
  get pending(): number {
    return this.names.length;
  }

  /** Passes beyond the capacity run untimed. */
  beginPass(encoder: GPUCommandEncoder, name: string): GPUComputePassEncoder {
    if (this.names.length >= this.capacity) return encoder.beginComputePass({ label: name });
    const i = this.names.push(name) - 1;
    return encoder.beginComputePass({
      label: name,
      timestampWrites: {
        querySet: this.queries,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      },
    });
  }

  /** Times of all passes since the last call, longest first. One submit and one readback. */
  async collect(): Promise<KernelTime[]> {
    const names = this.names;
    this.names = [];
    if (names.length === 0) return [];
    const encoder = this.gpu.device.createCommandEncoder({ label: "profiler" });
    encoder.resolveQuerySet(this.queries, 0, 2 * names.length, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, 16 * names.length);
    this.gpu.device.queue.submit([encoder.finish()]);
    await this.staging.mapAsync(MAP_READ, 0, 16 * names.length);
    const stamps = new BigUint64Array(this.staging.getMappedRange(0, 16 * names.length)).slice();
    this.staging.unmap();
    const sums = new Map<string, { calls: number; timeMs: number }>();
    names.forEach((name, i) => {
      const ns = Number(stamps[2 * i + 1]! - stamps[2 * i]!);
      const sum = sums.get(name) ?? { calls: 0, timeMs: 0 };
      sum.calls++;
      sum.timeMs += Math.max(0, ns) / 1e6;
      sums.set(name, sum);
    });
    return [...sums].map(([name, s]) => ({ name, ...s })).sort((a, b) => b.timeMs - a.timeMs);
  }

  dispose(): void {
    this.queries.destroy();
    this.memory.free(this.resolved);
    this.memory.free(this.staging);
  }
}
