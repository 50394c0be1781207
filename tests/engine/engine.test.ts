/** The engine on a real adapter: memory accounting, replayed lists, readback, compiler messages, a lost device. */
import { describe, expect, it } from "vitest";
import { DecoscopeError } from "../../src/base/errors";
import { openGpu } from "../../src/engine/device";
import { DispatchList, type Engine, foldGrid } from "../../src/engine/dispatch_list";
import { defineKernel } from "../../src/engine/kernel";
import { Memory } from "../../src/engine/memory";
import { Pipelines } from "../../src/engine/pipelines";
import { Profiler } from "../../src/engine/profiler";
import { ReadbackRing } from "../../src/engine/readback";
import { watchAllocations } from "../helpers/allocations";
import { nodeGpu, useGpu } from "../helpers/gpu";

const includes = { "prelude.f32": "alias real = f32;", "prelude.f16": "enable f16;\nalias real = f16;" };
const addParam = defineKernel({
  name: "add_param",
  source: `
struct Params { amount: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) { y[id.x] += params.amount; }`,
  reads: [],
  writes: ["y"],
  params: { amount: "u32" },
});

const gpu = useGpu();
const engine = (): Engine => {
  const memory = new Memory(gpu());
  return { gpu: gpu(), memory, pipelines: new Pipelines(gpu(), includes) };
};

describe("openGpu", () => {
  it("explains what to do without WebGPU and without an adapter", async () => {
    await expect(openGpu(undefined)).rejects.toMatchObject({ code: "unsupported", message: /Recorded runs/ });
    const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(openGpu(none)).rejects.toMatchObject({ code: "unsupported", message: /no adapter/ });
  });

  it("runs with default limits and no optional feature", async () => {
    const plain = await openGpu(nodeGpu, {
      without: ["f16", "subgroups", "timestamps", "packedDot", "limits"],
    });
    expect(plain.features).toEqual({
      f16: false,
      subgroups: false,
      timestamps: false,
      packedDot: false,
      subgroupMin: 0,
      subgroupMax: 0,
    });
    expect(plain.device.limits.maxStorageBufferBindingSize).toBe(128 * 1024 * 1024);
    plain.destroy();
    expect(await plain.lost).toBeNull();
  });

  it("falls back to a plain device if the driver refuses what it advertises", async () => {
    const adapter = (await nodeGpu.requestAdapter())!;
    let asked = 0;
    const picky = {
      features: adapter.features,
      limits: adapter.limits,
      info: adapter.info,
      requestDevice: (d: GPUDeviceDescriptor) =>
        asked++ === 0 ? Promise.reject(new Error("no")) : adapter.requestDevice(d),
    };
    const opened = await openGpu({
      requestAdapter: () => Promise.resolve(picky),
      wgslLanguageFeatures: new Set(),
    } as unknown as GPU);
    expect(asked).toBe(2);
    expect(opened.features.f16).toBe(false);
    opened.destroy();
  });
});

describe("Memory", () => {
  it("accounts for live bytes, the high-water mark, owners and uses", () => {
    const { memory } = engine();
    const int8 = { use: "weights", model: "m", storage: "int8" } as const;
    const a = memory.create({ label: "weights.a", bytes: 100, ...int8 });
    const b = memory.create({ label: "cache.b", bytes: 1000, use: "cache", model: "m", storage: "f16" });
    const kept = { use: "cache", model: "m", storage: "f16", bytes: 1008 };
    const both = [{ ...int8, bytes: 112 }, kept];
    expect(memory.report()).toMatchObject({ liveBytes: 112 + 1008, peakBytes: 112 + 1008, live: both });
    memory.free(a);
    memory.free(a);
    expect(memory.report()).toEqual({
      liveBytes: 1008,
      peakBytes: 1120,
      byOwner: [{ owner: "cache", bytes: 1008 }],
      live: [kept],
      peak: both,
    });
    expect(memory.leaks()).toEqual(["cache.b"]);
    memory.free(b);
    expect(memory.leaks()).toEqual([]);
    expect(memory.report()).toMatchObject({ liveBytes: 0, live: [], peak: both });
  });

  it("counts what differs in use, model or storage by itself, and the rest together", () => {
    const { memory } = engine();
    const made = [
      { use: "scratch", model: "m" },
      { use: "scratch", model: "m" },
      { use: "scratch" },
      { use: "weights", model: "m", storage: "f32" },
      { use: "weights", model: "m", storage: "int4" },
    ] as const;
    for (const account of made) memory.create({ label: "x.y", bytes: 64, ...account });
    expect(memory.report().live.map((l) => [l.use, l.model, l.storage, l.bytes])).toEqual([
      ["scratch", "m", null, 128],
      ["scratch", null, null, 64],
      ["weights", "m", "f32", 64],
      ["weights", "m", "int4", 64],
    ]);
  });

  it("accounts for textures", () => {
    const { memory } = engine();
    const before = memory.report().liveBytes;
    const texels = memory.createTexture({
      label: "weights.texels",
      size: [16, 3],
      usage: 0x2,
      use: "weights",
    });
    expect(memory.report().liveBytes).toBe(before + 16 * 16 * 3);
    memory.free(texels);
    expect(memory.report().liveBytes).toBe(before);
  });

  it("says how much was asked and allowed for a buffer beyond the limits", () => {
    const { memory } = engine();
    expect(() => memory.create({ label: "cache.big", bytes: 2 ** 45, use: "scratch" })).toThrow(
      /cache\.big needs .* allows/,
    );
  });

  it("frees what was made before an allocation failed", async () => {
    const { memory } = engine();
    const attempt = memory.checked("a test", () => {
      memory.create({ label: "half.done", bytes: 64, use: "scratch" });
      memory.create({ label: "half.big", bytes: 2 ** 45, use: "scratch" });
    });
    await expect(attempt).rejects.toMatchObject({ code: "limit" });
    expect(memory.leaks()).toEqual([]);
  });
});

describe("DispatchList", () => {
  async function read(e: Engine, buffer: GPUBuffer, words: number): Promise<number[]> {
    const ring = new ReadbackRing(e.gpu, e.memory, "test", 4 * words, 1);
    const staging = await ring.take();
    const encoder = e.gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, 4 * words);
    e.gpu.device.queue.submit([encoder.finish()]);
    const values = [...new Uint32Array(await ring.read(staging, 4 * words))];
    ring.dispose();
    return values;
  }

  it("replays without allocating: each replay adds the recorded params once", async () => {
    const e = engine();
    const y = e.memory.create({ label: "test.y", bytes: 16, use: "scratch" });
    const list = new DispatchList(e, "adds");
    list.add(addParam, {}, { bind: { y }, params: { amount: 3 }, grid: [2] });
    list.add(addParam, {}, { bind: { y }, params: { amount: 40 }, grid: [1] });
    await list.compile();
    const { device } = e.gpu;
    const watched = watchAllocations(device);
    for (let i = 0; i < 5; i++) {
      const encoder = device.createCommandEncoder();
      list.encode(encoder);
      device.queue.submit([encoder.finish()]);
    }
    watched.stop();
    expect(watched.made).toEqual([]);
    expect((await read(e, y, 4)).slice(0, 2)).toEqual([5 * 43, 5 * 3]);
    list.dispose();
    e.memory.free(y);
    expect(e.memory.leaks()).toEqual([]);
  });

  it("times every kernel when a profiler asks", async () => {
    const e = engine();
    if (!e.gpu.features.timestamps) throw new Error("the test adapter has no timestamps");
    const y = e.memory.create({ label: "test.y", bytes: 16, use: "scratch" });
    const list = new DispatchList(e, "adds");
    for (let i = 0; i < 3; i++) list.add(addParam, {}, { bind: { y }, params: { amount: 1 }, grid: [1] });
    await list.compile();
    const profiler = new Profiler(e.gpu, e.memory, 8);
    const encoder = e.gpu.device.createCommandEncoder();
    list.encode(encoder, profiler);
    e.gpu.device.queue.submit([encoder.finish()]);
    const times = await profiler.collect();
    expect(times).toHaveLength(1);
    expect(times[0]).toMatchObject({ name: "add_param", calls: 3 });
    expect(times[0]!.timeMs).toBeGreaterThanOrEqual(0);
    expect((await read(e, y, 1))[0]).toBe(3);
    profiler.dispose();
    list.dispose();
    e.memory.free(y);
  });

  it("refuses to read and write one buffer in a dispatch, and grids beyond the limit", () => {
    const e = engine();
    const copy = defineKernel({ name: "copy", source: "", reads: ["x"], writes: ["y"] });
    const x = e.memory.create({ label: "test.x", bytes: 16, use: "scratch" });
    const list = new DispatchList(e, "bad");
    expect(() => list.add(copy, {}, { bind: { x, y: x }, params: {}, grid: [1] })).toThrow(
      /x is also written/,
    );
    expect(() => list.add(addParam, {}, { bind: { y: x }, params: { amount: 1 }, grid: [65536] })).toThrow(
      /65,535/,
    );
    expect(foldGrid(65535)).toEqual([65535, 1]);
    const [gx, gy] = foldGrid(100000);
    expect(gx * gy).toBeGreaterThanOrEqual(100000);
    expect(Math.max(gx, gy)).toBeLessThanOrEqual(65535);
    e.memory.free(x);
  });

  it("reports compiler messages with file and line", async () => {
    const e = engine();
    const broken = defineKernel({
      name: "broken",
      source: "// head\nfn main() { let x: u32 = 1.5; }",
      reads: [],
      writes: ["y"],
    });
    const failure: unknown = await e.pipelines.get(broken, {}).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(DecoscopeError);
    expect(failure).toMatchObject({ code: "shader", message: /broken/ });
    expect((failure as DecoscopeError).detail).toMatch(/broken\.wgsl:2:/);
  });
});

describe("a lost device", () => {
  it("ends a readback that waits for it with a typed error", async () => {
    const own = await openGpu(nodeGpu);
    const memory = new Memory(own);
    const ring = new ReadbackRing(own, memory, "lost", 16, 1);
    const staging = await ring.take();
    const reading = ring.read(staging, 16);
    own.device.destroy();
    await expect(reading).rejects.toMatchObject({ code: "device_lost" });
    expect(await own.lost).toMatchObject({ code: "device_lost" });
  });
});
