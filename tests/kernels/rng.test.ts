/** Random numbers are the same on the device and in TypeScript: bits and uniforms exactly, Gumbel noise but for `log`. */
import { expect, test } from "vitest";
import { randomU32, toGumbel, toUniform } from "../../src/base/rng";
import { defineKernel } from "../../src/engine/kernel";
import { useBench } from "./harness";

const bench = useBench();
const probe = defineKernel({
  name: "rng_probe",
  source: `
// @use rng
@group(0) @binding(0) var<storage, read> addresses: array<u32>;
@group(0) @binding(1) var<storage, read_write> numbers: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = 6u * id.x;
  let h = random_u32(addresses[i], addresses[i + 1u], addresses[i + 2u], addresses[i + 3u], addresses[i + 4u], addresses[i + 5u]);
  numbers[3u * id.x] = h;
  numbers[3u * id.x + 1u] = bitcast<u32>(to_uniform(h));
  numbers[3u * id.x + 2u] = bitcast<u32>(to_gumbel(h));
}`,
  reads: ["addresses"],
  writes: ["numbers"],
});
const direct = defineKernel({
  name: "gumbel_probe",
  source: `
// @use rng
@group(0) @binding(0) var<storage, read> hashes: array<u32>;
@group(0) @binding(1) var<storage, read_write> noise: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  noise[id.x] = to_gumbel(hashes[id.x]);
}`,
  reads: ["hashes"],
  writes: ["noise"],
});

// Vulkan's log has 3 ULP, or 2^-21 absolute where the argument is near 1; two of them follow one another. In the lower
// tail (e = -log(1 - w) large) f32 rounds w by up to 2^-25, which counts 1 / ((1 - w) e)-fold.
function near(found: number, h: number): boolean {
  const expected = toGumbel(h);
  const e = Math.exp(-expected);
  const rounding = (1.5 * 2 ** -25 * Math.exp(e)) / e;
  return Math.abs(found - expected) <= 1e-5 * Math.max(1, Math.abs(expected)) + (e > 1 ? rounding : 0);
}

test("bits, uniforms and Gumbel noise at 4,096 addresses", async () => {
  const count = 4096;
  const a = new Uint32Array(6 * count);
  for (let i = 0; i < count; i++) {
    a.set(
      [
        i < 8 ? [0, 0xffffffff][i % 2]! : 77 + i,
        i % 1000,
        1 + (i % 4),
        (i * 7) % 65536,
        i % 256,
        i * 2654435761,
      ],
      6 * i,
    );
  }
  const numbers = bench().empty(3 * count);
  await bench().run((rec) =>
    rec.list.add(
      probe,
      {},
      { bind: { addresses: bench().buffer(a), numbers }, params: {}, grid: [count / 64] },
    ),
  );
  const u = await bench().u32(numbers);
  const f = new Float32Array(u.buffer);
  for (let i = 0; i < count; i++) {
    const [seed, step, purpose, node, sibling, index] = a.subarray(6 * i, 6 * i + 6) as unknown as number[];
    const h = randomU32({ seed, step, purpose, node, sibling, index } as Parameters<typeof randomU32>[0]);
    expect(u[3 * i]).toBe(h);
    expect(f[3 * i + 1]).toBe(toUniform(h));
    expect(near(f[3 * i + 2]!, h), `gumbel(${h}): ${f[3 * i + 2]} for ${toGumbel(h)}`).toBe(true);
  }
});

test("Gumbel noise is finite and right at the ends and where its branches meet", async () => {
  const edges = [
    0,
    1,
    2,
    3,
    255,
    2 ** 22 - 1,
    2 ** 22,
    2 ** 22 + 1,
    2 ** 31,
    2 ** 32 - 257,
    2 ** 32 - 2,
    2 ** 32 - 1,
  ];
  const hashes = new Uint32Array(64).map((_, i) => edges[i % edges.length]!);
  const noise = bench().empty(64);
  await bench().run((rec) =>
    rec.list.add(direct, {}, { bind: { hashes: bench().buffer(hashes), noise }, params: {}, grid: [1] }),
  );
  const found = await bench().f32(noise);
  hashes.forEach((h, i) => {
    expect(near(found[i]!, h), `gumbel(${h}): ${found[i]} for ${toGumbel(h)}`).toBe(true);
  });
});
