/**
 * How fast shaders of a software adapter can read the weights of a token at all: each once, in one dispatch, with nothing
 * but a sum made of them, in the fastest of several ways. The ways are those that suit a few processor cores; a GPU needs
 * far more lanes, so it is not asked of one.
 */

/** The best of the ways to read that were tried. */
export interface ReadFloor {
  readonly bytes: number;
  /** Least time of one reading of all bytes, over all rounds of the best way. */
  readonly ms: number;
  /** That way: from where, with how many workgroups of how many lanes. */
  readonly way: string;
}

interface Way {
  readonly from: "buffer" | "texture";
  readonly groups: number;
  readonly lanes: number;
}

const ROUNDS = 12;
/** Readings in one submit, so that the submit is a small part of the time. */
const READINGS = 10;
/** Texels in a row of the texture. */
const WIDTH = 2048;
const BYTES_OF_TEXEL = 16;

const WAYS: readonly Way[] = (["buffer", "texture"] as const).flatMap((from) =>
  [2, 4, 16].flatMap((groups) => [4, 16].map((lanes): Way => ({ from, groups, lanes }))),
);

/** Lanes take neighbouring texels and keep four sums, so that no addition waits for the one before. */
function shader({ from, groups, lanes }: Way, height: number): string {
  const texels = WIDTH * height;
  const source =
    from === "buffer"
      ? `@group(0) @binding(0) var<storage, read> weights: array<vec4f, ${String(texels)}>;
fn texel(x: u32, y: u32) -> vec4f { return weights[y * ${String(WIDTH)} + x]; }`
      : `@group(0) @binding(0) var weights: texture_2d<f32>;
@group(0) @binding(2) var nearest: sampler;
fn texel(x: u32, y: u32) -> vec4f {
  return textureSampleLevel(weights, nearest, (vec2f(f32(x), f32(y)) + 0.5) / vec2f(${String(WIDTH)}, ${String(height)}), 0);
}`;
  return `${source}
@group(0) @binding(1) var<storage, read_write> sums: array<vec4f, ${String(groups * lanes)}>;
@compute @workgroup_size(${String(lanes)})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
  for (var y = group.x; y < ${String(height)}u; y += ${String(groups)}u) {
    for (var x = lane; x < ${String(WIDTH)}u; x += ${String(4 * lanes)}u) {
      a += texel(x, y); b += texel(x + ${String(lanes)}u, y);
      c += texel(x + ${String(2 * lanes)}u, y); d += texel(x + ${String(3 * lanes)}u, y);
    }
  }
  sums[group.x * ${String(lanes)} + lane] = a + b + c + d;
}`;
}

/** Floats of 32 bits need not be filterable, so the layouts say that they are not filtered. */
async function pipelineOf(device: GPUDevice, way: Way, height: number): Promise<GPUComputePipeline> {
  const module = device.createShaderModule({ code: shader(way, height) });
  const visibility = GPUShaderStage.COMPUTE;
  const entries: GPUBindGroupLayoutEntry[] = [
    way.from === "buffer"
      ? { binding: 0, visibility, buffer: { type: "read-only-storage" } }
      : { binding: 0, visibility, texture: { sampleType: "unfilterable-float" } },
    { binding: 1, visibility, buffer: { type: "storage" } },
    ...(way.from === "texture"
      ? [{ binding: 2, visibility, sampler: { type: "non-filtering" as const } }]
      : []),
  ];
  const layout = device.createPipelineLayout({
    bindGroupLayouts: [device.createBindGroupLayout({ entries })],
  });
  return device.createComputePipelineAsync({ layout, compute: { module, entryPoint: "main" } });
}

/** Holds `bytes` of ones where a way reads them, and gives the bindings of a pipeline that reads them. */
function weightsOf(
  device: GPUDevice,
  height: number,
): (way: Way, p: GPUComputePipeline, sums: GPUBuffer) => GPUBindGroup {
  const ones = new Float32Array((WIDTH * height * BYTES_OF_TEXEL) / 4).fill(1);
  const buffer = device.createBuffer({
    size: ones.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, ones);
  const texture = device.createTexture({
    size: [WIDTH, height],
    format: "rgba32float",
    usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST,
  });
  device.queue.writeTexture({ texture }, ones, { bytesPerRow: WIDTH * BYTES_OF_TEXEL }, [WIDTH, height]);
  return ({ from }, pipeline, sums) =>
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: from === "buffer" ? { buffer } : texture.createView() },
        { binding: 1, resource: { buffer: sums } },
        ...(from === "texture" ? [{ binding: 2, resource: device.createSampler() }] : []),
      ],
    });
}

/** @throws Error unless what a way left sums up to `texels` in each part of its vectors: all weights are 1 */
async function expectTexels(device: GPUDevice, sums: GPUBuffer, way: Way, texels: number): Promise<void> {
  const size = BYTES_OF_TEXEL * way.groups * way.lanes;
  const read = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(sums, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const total = new Float32Array(read.getMappedRange()).reduce((sum, x) => sum + x, 0);
  if (total !== 4 * texels)
    throw new Error(`a reading of ${String(4 * texels)} ones summed up to ${String(total)}`);
}

/**
 * Reads `bytes` (rounded up to whole rows of the texture) in every way, in turns.
 * @throws Error if the browser gives no WebGPU adapter
 */
export async function measureReadFloor(bytes: number): Promise<ReadFloor> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("expected a WebGPU adapter, found none");
  const device = await adapter.requestDevice();
  const height = Math.ceil(bytes / (WIDTH * BYTES_OF_TEXEL));
  const most = Math.min(
    device.limits.maxTextureDimension2D,
    device.limits.maxStorageBufferBindingSize / (WIDTH * BYTES_OF_TEXEL),
  );
  if (!(height <= most))
    throw new Error(
      `expected at most ${String(most * WIDTH * BYTES_OF_TEXEL)} bytes to read, found ${String(bytes)}`,
    );
  device.pushErrorScope("validation");
  const bind = weightsOf(device, height);
  const kernels = await Promise.all(
    WAYS.map(async (way) => {
      const pipeline = await pipelineOf(device, way, height);
      const sums = device.createBuffer({
        size: BYTES_OF_TEXEL * way.groups * way.lanes,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
      });
      return { way, pipeline, sums, bindings: bind(way, pipeline, sums), ms: Infinity };
    }),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const kernel of kernels) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, kernel.bindings);
      for (let i = 0; i < READINGS; i++) pass.dispatchWorkgroups(kernel.way.groups);
      pass.end();
      const began = performance.now();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      kernel.ms = Math.min(kernel.ms, (performance.now() - began) / READINGS);
    }
  }
  const invalid = await device.popErrorScope();
  if (invalid) throw new Error(`the readings were refused: ${invalid.message}`);
  for (const { way, sums } of kernels) await expectTexels(device, sums, way, WIDTH * height);
  device.destroy();
  const best = kernels.reduce((least, kernel) => (kernel.ms < least.ms ? kernel : least));
  const { from, groups, lanes } = best.way;
  return {
    bytes: height * WIDTH * BYTES_OF_TEXEL,
    ms: best.ms,
    way: `${from}, ${String(groups)} workgroups of ${String(lanes)} lanes`,
  };
}
