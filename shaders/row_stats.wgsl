// row_stats: largest value, log-sum-exp, argmax, probability margin of the two best, entropy of each row
// shapes:    laws [*,V] -> stats f32 [T,8]: max, lse, argmax (bits of a u32), margin, entropy, 0, 0, 0
// grid:      one workgroup per row; lanes stride over the vocabulary
// numerics:  f32, sums of exp(x - max); argmax ties go to the smaller index; masked entries add nothing
// source:    Shannon 1948 (entropy, in nats)
// @use reduce, layouts

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  first_row: u32,
  vocab_size: u32,
}
@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read_write> stats: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let v = params.vocab_size;
  let at = (params.first_row + group.x) * v;
  var first = Best(2.0 * MASKED, NONE);
  var second = 2.0 * MASKED;
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let z = laws[at + x];
    if (z > first.value) {
      second = first.value;
      first = Best(z, x);
    } else {
      second = max(second, z);
    }
  }
  let best = reduce_argmax(lane, first);
  let next = reduce_max(lane, select(first.value, second, first.index == best.index));
  var sums = vec4<f32>(0.0);
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let z = max(laws[at + x] - best.value, MASKED);
    if (z > -100.0) {
      let e = exp(z);
      sums += vec4<f32>(e, e * z, 0.0, 0.0);
    }
  }
  sums = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    let to = 8u * group.x;
    let log_sum = log(sums.x);
    stats[to] = bitcast<u32>(best.value);
    stats[to + 1u] = bitcast<u32>(best.value + log_sum);
    stats[to + 2u] = best.index;
    stats[to + 3u] = bitcast<u32>((1.0 - exp(max(next - best.value, -100.0))) / sums.x);
    stats[to + 4u] = bitcast<u32>(log_sum - sums.y / sums.x);
    stats[to + 5u] = 0u;
    stats[to + 6u] = 0u;
    stats[to + 7u] = 0u;
  }
}
