/** What kernel tests share: an engine over the file's device, buffers with contents, runs, and readback. */
import { afterAll, beforeAll } from "vitest";
import { DispatchList, type Engine } from "../../src/engine/dispatch_list";
import type { OpenOptions } from "../../src/engine/device";
import { Memory } from "../../src/engine/memory";
import { Pipelines } from "../../src/engine/pipelines";
import { includes } from "../../src/kernels/includes";
import { CTL_WORDS, Ctl, NONE } from "../../src/kernels/layouts";
import { defaultTuning, type Recording, type Tuning } from "../../src/kernels/tuning";
import { useGpu } from "../helpers/gpu";

type Words = Uint32Array | Float32Array;

export class Bench {
  private readonly made: GPUBuffer[] = [];

  constructor(readonly engine: Engine) {}

  /** A buffer with these contents. */
  buffer(contents: Words): GPUBuffer {
    const buffer = this.empty(contents.length);
    this.write(buffer, contents);
    return buffer;
  }

  empty(words: number): GPUBuffer {
    const buffer = this.engine.memory.create({
      label: "test.buffer",
      bytes: 4 * Math.max(1, words),
      use: "scratch",
    });
    this.made.push(buffer);
    return buffer;
  }

  write(buffer: GPUBuffer, contents: Words): void {
    const bytes = new Uint8Array(contents.byteLength);
    bytes.set(new Uint8Array(contents.buffer, contents.byteOffset, contents.byteLength));
    this.engine.gpu.device.queue.writeBuffer(buffer, 0, bytes);
  }

  /** Records, compiles and submits `times` rounds; `between` may copy results in the same command buffer. */
  async run(
    record: (rec: Recording) => void,
    tuning: Partial<Tuning> = {},
    times = 1,
    between?: (encoder: GPUCommandEncoder, round: number) => void,
  ): Promise<string[]> {
    const list = new DispatchList(this.engine, "test");
    record({ list, tuning: { ...defaultTuning(this.engine.gpu.features), ...tuning } });
    await list.compile();
    const encoder = this.engine.gpu.device.createCommandEncoder();
    for (let round = 0; round < times; round++) {
      list.encode(encoder);
      between?.(encoder, round);
    }
    this.engine.gpu.device.queue.submit([encoder.finish()]);
    const names = list.kernels();
    list.dispose();
    return names;
  }

  async read(buffer: GPUBuffer): Promise<ArrayBuffer> {
    const { device } = this.engine.gpu;
    const staging = device.createBuffer({ size: buffer.size, usage: 0x01 | 0x08 });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(0x01);
    const copy = staging.getMappedRange().slice(0);
    staging.destroy();
    return copy;
  }
  async u32(buffer: GPUBuffer): Promise<Uint32Array> {
    return new Uint32Array(await this.read(buffer));
  }
  async f32(buffer: GPUBuffer): Promise<Float32Array> {
    return new Float32Array(await this.read(buffer));
  }

  free(): void {
    for (const b of this.made.splice(0)) this.engine.memory.free(b);
  }
}

/** A bench for the tests of a file; buffers are freed after the last one, and leaks fail. */
export function useBench(options: OpenOptions = {}): () => Bench {
  const gpu = useGpu(options);
  let bench: Bench | undefined;
  beforeAll(() => {
    const memory = new Memory(gpu());
    bench = new Bench({ gpu: gpu(), memory, pipelines: new Pipelines(gpu(), includes) });
  });
  afterAll(() => {
    bench?.free();
    const leaks = bench?.engine.memory.leaks() ?? [];
    if (leaks.length > 0) throw new Error(`buffers were not freed: ${leaks.join(", ")}`);
  });
  return () => bench!;
}

/**
 * The ways a reduction can run: without barriers, with more lanes than a subgroup has, and without subgroups. Few lanes,
 * since software drivers need long to compile barriers.
 */
export const REDUCTIONS: readonly (readonly [name: string, tuning: Partial<Tuning>])[] = [
  ["one subgroup", { reduce: "subgroup" }],
  ["two subgroups", { reduce: "subgroup", choices: { "reduce.lanes": 16 } }],
  ["workgroup memory", { reduce: "workgroup", choices: { "reduce.lanes": 4 } }],
];

/** A ctl buffer; unset fields leave room for a long text. */
export function ctlOf(
  fields: Partial<Record<keyof typeof Ctl, number>>,
  end: readonly number[] = [],
): Uint32Array {
  const ctl = new Uint32Array(CTL_WORDS);
  ctl[Ctl.LIMIT] = ctl[Ctl.CONTEXT] = 1 << 20;
  for (let i = 0; i < 4; i++) ctl[Ctl.END + i] = end[i] ?? NONE;
  for (const [name, value] of Object.entries(fields)) ctl[Ctl[name as keyof typeof Ctl]] = value;
  return ctl;
}

/** Numbers in (0, 1) from a seed. */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let h = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return (((h ^ (h >>> 15)) >>> 9) + 0.5) * 2 ** -23;
  };
}

/** Standard normal numbers from a seed. */
export function normals(seed: number): () => number {
  const u = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(u())) * Math.cos(2 * Math.PI * u());
}
