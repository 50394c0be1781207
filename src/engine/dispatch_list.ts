/**
 * Work recorded once and replayed: pipelines, bind groups and params are fixed when the list is compiled, so a replay
 * allocates nothing and writes nothing. What changes from step to step lives in storage buffers.
 */
import type { Gpu } from "./device";
import { type Kernel, TEXTURE_BINDINGS, type Variant } from "./kernel";
import { type BufferRange, type Memory, whole } from "./memory";
import type { CompiledKernel, Pipelines } from "./pipelines";
import type { Profiler } from "./profiler";

export interface Engine {
  readonly gpu: Gpu;
  readonly memory: Memory;
  readonly pipelines: Pipelines;
}

export interface DispatchArgs<R extends string, W extends string, P extends string> {
  readonly bind: Readonly<Record<R | W, GPUBuffer | BufferRange>>;
  readonly params: Readonly<Record<P, number>>;
  /** For a variant with a texture, and only for one: another is refused by the device. */
  readonly texture?: GPUTexture;
  /** Workgroups in x, y, z; each at most 65,535 (see {@link foldGrid}). */
  readonly grid: readonly [number, number?, number?];
}

interface Dispatch {
  readonly kernel: Kernel;
  readonly variant: Variant;
  readonly ranges: readonly BufferRange[];
  readonly params: readonly number[];
  readonly texture: GPUTexture | undefined;
  readonly grid: readonly [number, number, number];
}
interface ReadyDispatch {
  readonly compiled: CompiledKernel;
  readonly tensors: GPUBindGroup;
  readonly paramsOffset: readonly number[] | null;
  readonly grid: readonly [number, number, number];
}
export interface Copy {
  readonly from: BufferRange;
  readonly to: GPUBuffer;
  readonly toOffset: number;
}

const PARAMS_SLOT = 256;
const UNIFORM = 0x40;
const COPY_DST = 0x08;

/** Splits `count` workgroups over x and y so that neither exceeds 65,535; the kernel guards the overhang. */
export function foldGrid(count: number): [number, number] {
  if (count <= 65535) return [count, 1];
  const y = Math.ceil(count / 65535);
  return [Math.ceil(count / y), y];
}

const toRange = (b: GPUBuffer | BufferRange): BufferRange => ("buffer" in b ? b : whole(b));

export class DispatchList {
  private readonly recorded: Dispatch[] = [];
  private ready: ReadyDispatch[] | null = null;
  private paramsBuffer: GPUBuffer | null = null;
  private paramsGroup: GPUBindGroup | null = null;

  constructor(
    readonly engine: Engine,
    readonly label: string,
  ) {}

  get length(): number {
    return this.recorded.length;
  }

  add<R extends string, W extends string, P extends string>(
    kernel: Kernel<R, W, P>,
    variant: Variant,
    args: DispatchArgs<R, W, P>,
  ): void {
    if (this.ready) throw new Error(`${this.label} is compiled; nothing can be added`);
    const [x, y = 1, z = 1] = args.grid;
    if ([x, y, z].some((g) => !Number.isInteger(g) || g < 1 || g > 65535)) {
      throw new Error(`${kernel.name}: grid ${x} x ${y} x ${z} is not within 1 to 65,535`);
    }
    const writes = new Set(kernel.writes.map((name) => toRange(args.bind[name]).buffer));
    for (const name of kernel.reads) {
      // WebGPU tracks usage per buffer: one dispatch may not read and write the same one, whatever the ranges.
      if (writes.has(toRange(args.bind[name]).buffer))
        throw new Error(`${kernel.name}: ${name} is also written`);
    }
    this.recorded.push({
      kernel,
      variant,
      ranges: [...kernel.reads, ...kernel.writes].map((name) => toRange(args.bind[name])),
      params: Object.keys(kernel.params).map((name) => {
        const value = args.params[name as P];
        if (typeof value !== "number" || !Number.isFinite(value))
          throw new Error(`${kernel.name}: param ${name} is ${value}`);
        return value;
      }),
      texture: args.texture,
      grid: [x, y, z],
    });
  }

  /** Compiles pipelines, side by side, and makes bind groups. @throws DecoscopeError "shader" */
  async compile(): Promise<void> {
    const { gpu, memory, pipelines } = this.engine;
    const compiled = await Promise.all(this.recorded.map((d) => pipelines.get(d.kernel, d.variant)));
    const slots = this.recorded.filter((d) => d.params.length > 0).length;
    if (slots > 0) {
      const bytes = new ArrayBuffer(slots * PARAMS_SLOT);
      const view = new DataView(bytes);
      let slot = 0;
      for (const d of this.recorded) {
        if (d.params.length === 0) continue;
        Object.values(d.kernel.params).forEach((type, i) => {
          const at = slot * PARAMS_SLOT + 4 * i;
          if (type === "f32") view.setFloat32(at, d.params[i]!, true);
          else if (type === "i32") view.setInt32(at, d.params[i]!, true);
          else view.setUint32(at, d.params[i]!, true);
        });
        slot++;
      }
      this.paramsBuffer = memory.create({
        label: `${this.label}.params`,
        bytes: bytes.byteLength,
        use: "params",
        usage: UNIFORM | COPY_DST,
      });
      gpu.device.queue.writeBuffer(this.paramsBuffer, 0, bytes);
      this.paramsGroup = gpu.device.createBindGroup({
        label: `${this.label}.params`,
        layout: pipelines.paramsLayout,
        entries: [{ binding: 0, resource: { buffer: this.paramsBuffer, size: PARAMS_SLOT } }],
      });
    }
    let slot = 0;
    this.ready = this.recorded.map((d, i) => ({
      compiled: compiled[i]!,
      tensors: gpu.device.createBindGroup({
        label: `${this.label}.${compiled[i]!.label}`,
        layout: compiled[i]!.tensors,
        entries: [
          ...d.ranges.map((r, binding) => ({
            binding,
            resource: { buffer: r.buffer, offset: r.offset, size: r.size },
          })),
          ...(d.texture
            ? [
                { binding: TEXTURE_BINDINGS.texels, resource: d.texture.createView() },
                { binding: TEXTURE_BINDINGS.nearest, resource: pipelines.sampler },
              ]
            : []),
        ],
      }),
      paramsOffset: d.params.length > 0 ? [slot++ * PARAMS_SLOT] : null,
      grid: d.grid,
    }));
  }

  /** Encodes every dispatch into one compute pass, or into one pass each if a profiler wants their times. */
  encode(encoder: GPUCommandEncoder, profiler: Profiler | null = null): void {
    if (!this.ready) throw new Error(`${this.label} was not compiled`);
    let pass = profiler ? null : encoder.beginComputePass({ label: this.label });
    let pipeline: GPUComputePipeline | null = null;
    for (const d of this.ready) {
      const p: GPUComputePassEncoder = pass ?? profiler!.beginPass(encoder, d.compiled.label);
      if (!pass || pipeline !== d.compiled.pipeline) p.setPipeline((pipeline = d.compiled.pipeline));
      p.setBindGroup(0, d.tensors);
      if (d.paramsOffset) p.setBindGroup(1, this.paramsGroup, d.paramsOffset as number[]);
      p.dispatchWorkgroups(d.grid[0], d.grid[1], d.grid[2]);
      if (!pass) p.end();
    }
    pass?.end();
    pass = null;
  }

  /** Labels of the compiled kernels in order; for tests and reports. */
  kernels(): string[] {
    return (this.ready ?? []).map((d) => d.compiled.label);
  }

  dispose(): void {
    if (this.paramsBuffer) this.engine.memory.free(this.paramsBuffer);
    this.paramsBuffer = null;
    this.ready = null;
  }
}
