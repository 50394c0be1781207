// row_stats: largest value, log-sum-exp, two best tokens, their gap and margin, entropy, and a token drawn from each row
// shapes:    laws [*,V], draws u32 [8 + T] -> stats [T,12] as in src/kernels/row_stats.ts
// grid:      one workgroup per row; lanes stride over the vocabulary
// numerics:  f32, sums of exp(x - max); ties go to the smaller index; masked and banned entries, and what is no number, add nothing
// source:    Shannon 1948 (entropy, in nats); Maddison et al. 2014 (Gumbel-max): argmax of z + temperature * noise
// @use reduce, layouts, rng, stat_row

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  first_row: u32,
  vocab_size: u32,
}
@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read> draws: array<u32>;
@group(0) @binding(2) var<storage, read_write> stats: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

// Words of draws before the positions of the rows.
const POSITIONS = 8u;

fn is_banned(x: u32) -> bool {
  return x == draws[4] || x == draws[5] || x == draws[6] || x == draws[7];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let v = params.vocab_size;
  let row = group.x;
  let at = (params.first_row + row) * v;
  let temperature = bitcast<f32>(draws[2]);
  var first = Best(2.0 * MASKED, NONE);
  var second = first;
  var noisy = first;
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    if (is_banned(x)) {
      continue;
    }
    let z = laws[at + x];
    if (z > max(first.value, 0.5 * MASKED)) {
      second = first;
      first = Best(z, x);
    } else if (z > max(second.value, 0.5 * MASKED)) {
      second = Best(z, x);
    }
    if (temperature > 0.0 && z > 0.5 * MASKED) {
      let h = random_u32(draws[0], draws[1], PURPOSE_PROPOSE, draws[POSITIONS + row], 0u, x);
      noisy = better(noisy, Best(z + temperature * to_gumbel(h), x));
    }
  }
  let best = reduce_argmax(lane, first);
  if (first.index == best.index) {
    first = second;
  }
  let next = reduce_argmax(lane, first);
  let drawn = reduce_argmax(lane, noisy);
  var sums = vec4<f32>(0.0);
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let z = max(laws[at + x] - best.value, MASKED);
    if (z > -100.0 && !is_banned(x)) {
      let e = exp(z);
      sums += vec4<f32>(e, e * z, 0.0, 0.0);
    }
  }
  sums = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    let plain = laws[at + min(drawn.index, v - 1u)];
    write_stats(row, best, next, sums.xy, Best(plain, drawn.index));
  }
}
