/** A recorded round: one dispatch list, replayed with one submit and one readback per call. */
import type { Program, ProgramCost } from "../decoding/session";
import type { DispatchList, Engine } from "../engine/dispatch_list";
import type { Profiler } from "../engine/profiler";
import { ReadbackRing } from "../engine/readback";

/** Something a program returns: where it lies on the device and how to read it. */
export interface Output {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  readonly decode: (bytes: ArrayBuffer, at: number) => unknown;
}

/** What all programs of a session have done so far. */
export interface WorkCounts {
  dispatches: number;
  submits: number;
  readbacks: number;
}

const IN_FLIGHT = 3;

export class GpuProgram<T> implements Program<T> {
  private ring: ReadbackRing | null = null;
  private submitted: Promise<unknown> = Promise.resolve();
  /** Byte offset of each output in a round's part of the readback. */
  private readonly offsets: number[] = [];
  private readonly stride: number;

  constructor(
    private readonly engine: Engine,
    private readonly list: DispatchList,
    private readonly outputs: Readonly<Record<string, Output>>,
    readonly cost: ProgramCost,
    private readonly counts: WorkCounts,
    private readonly profiler: Profiler | null,
  ) {
    let at = 0;
    for (const o of Object.values(outputs)) {
      this.offsets.push(at);
      at += Math.ceil(o.bytes / 16) * 16;
    }
    this.stride = at;
  }

  run(times = 1): Promise<readonly T[]> {
    // Submits happen in the order of the calls; only the wait for results overlaps.
    const submit = this.submitted.then(() => this.submit(times));
    this.submitted = submit.catch(() => {});
    return submit.then(async ({ ring, staging }) =>
      this.decode(await ring.read(staging, times * this.stride), times),
    );
  }

  private async submit(times: number): Promise<{ ring: ReadbackRing; staging: GPUBuffer }> {
    const { gpu, memory } = this.engine;
    const needed = times * this.stride;
    if (!this.ring || this.ring.bytes < needed) {
      this.ring?.disposeWhenIdle();
      this.ring = new ReadbackRing(gpu, memory, this.list.label, needed, IN_FLIGHT);
    }
    const ring = this.ring;
    const staging = await ring.take();
    const encoder = gpu.device.createCommandEncoder({ label: this.list.label });
    const outputs = Object.values(this.outputs);
    for (let i = 0; i < times; i++) {
      this.list.encode(encoder, this.profiler);
      outputs.forEach((o, k) =>
        encoder.copyBufferToBuffer(o.buffer, 0, staging, i * this.stride + this.offsets[k]!, o.bytes),
      );
    }
    gpu.device.queue.submit([encoder.finish()]);
    this.counts.dispatches += times * this.list.length;
    this.counts.submits++;
    this.counts.readbacks++;
    return { ring, staging };
  }

  private decode(bytes: ArrayBuffer, times: number): T[] {
    return Array.from({ length: times }, (_, i) =>
      Object.fromEntries(
        Object.entries(this.outputs).map(([name, o], k) => [
          name,
          o.decode(bytes, i * this.stride + this.offsets[k]!),
        ]),
      ),
    ) as T[];
  }

  dispose(): void {
    this.ring?.dispose();
    this.ring = null;
    this.list.dispose();
  }
}
