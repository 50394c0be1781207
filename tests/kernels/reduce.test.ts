/** Reductions give every lane the same, right answer, whatever the width of a subgroup and of the workgroup. */
import { describe, expect, test } from "vitest";
import { defineKernel } from "../../src/engine/kernel";
import { REDUCE_OVERRIDES, reduceVariant } from "../../src/kernels/reduce";
import { uniforms, useBench } from "./harness";

const bench = useBench();
const probe = defineKernel({
  name: "reduce_probe",
  source: `
// @use reduce
override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> found: array<f32>;
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let i = group.x * WORKGROUP_SIZE + lane.id;
  // Twice in a row: the second must not meet leftovers of the first.
  let first = reduce_sum4(lane, vec4<f32>(x[i], 1.0, 0.0, -x[i]));
  let total = reduce_sum(lane, x[i]);
  let largest = reduce_max(lane, x[i]);
  let best = reduce_argmax(lane, Best(floor(x[i]), i));
  let low = reduce_max(lane, -x[i]);
  found[8u * i] = first.x;
  found[8u * i + 1u] = first.y;
  found[8u * i + 2u] = first.w;
  found[8u * i + 3u] = total;
  found[8u * i + 4u] = largest;
  found[8u * i + 5u] = best.value;
  found[8u * i + 6u] = f32(best.index);
  found[8u * i + 7u] = low;
}`,
  reads: ["x"],
  writes: ["found"],
  overrides: REDUCE_OVERRIDES,
});

const GROUPS = 5;
// More than 16 lanes with barriers take lavapipe minutes to compile.
describe.each([
  ["subgroup", [1, 2, 4, 8, 16, 64]],
  ["workgroup", [1, 2, 4, 16]],
] as const)("%s", (reduce, sizes) => {
  test.each(sizes)("%i lanes", async (lanes) => {
    const u = uniforms(lanes);
    const x = Float32Array.from({ length: GROUPS * lanes }, () => 8 * u() - 4);
    const found = bench().empty(8 * x.length);
    await bench().run(
      (rec) =>
        rec.list.add(probe, reduceVariant(rec, lanes, "reduce_probe.lanes"), {
          bind: { x: bench().buffer(x), found },
          params: {},
          grid: [GROUPS],
        }),
      { reduce, choices: { "reduce_probe.lanes": lanes } },
    );
    const f = await bench().f32(found);
    for (let g = 0; g < GROUPS; g++) {
      const own = [...x.subarray(g * lanes, (g + 1) * lanes)];
      const sum = own.reduce((a, b) => a + b, 0);
      const floors = own.map(Math.floor);
      const best = Math.max(...floors);
      for (let i = g * lanes; i < (g + 1) * lanes; i++) {
        const at = 8 * i;
        // A sum of `lanes` f32 numbers below 4 in any order.
        const tolerance = 4 * lanes * 2 ** -23;
        expect(Math.abs(f[at]! - sum)).toBeLessThanOrEqual(tolerance);
        expect(f[at + 1]).toBe(lanes);
        expect(Math.abs(f[at + 2]! + sum)).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(f[at + 3]! - sum)).toBeLessThanOrEqual(tolerance);
        expect(f[at + 4]).toBe(Math.max(...own));
        expect(f[at + 5]).toBe(best);
        expect(f[at + 6]).toBe(g * lanes + floors.indexOf(best));
        expect(f[at + 7]).toBe(-Math.min(...own));
      }
    }
  });
});
