// rmsnorm: y[t,d] = x[t,d] * gain[d] / sqrt(mean_d(x[t,:]^2) + eps), or y[t,d] += the same
// shapes:   x [T,D], gain [D] -> y [T,D]
// grid:     one workgroup per row t; lanes stride over d
// numerics: sums in f32
// source:   Zhang and Sennrich 2019; eps as in Llama
// @use reduce

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
// 1: what y held is added to.
override ADDS: u32 = 0u;

struct Params {
  blocks: u32,
  eps: f32,
}
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> gain: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let at = group.x * params.blocks;
  var squares = 0.0;
  for (var c = lane.id; c < params.blocks; c += WORKGROUP_SIZE) {
    squares += dot(x[at + c], x[at + c]);
  }
  let scale = inverseSqrt(reduce_sum(lane, squares) / f32(4u * params.blocks) + params.eps);
  for (var c = lane.id; c < params.blocks; c += WORKGROUP_SIZE) {
    let normed = x[at + c] * gain[c] * scale;
    if (ADDS == 1u) {
      y[at + c] += normed;
    } else {
      y[at + c] = normed;
    }
  }
}
