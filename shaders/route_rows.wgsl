// route_rows: gate[t] = sigmoid(theta_r . z[p(t),:]) of the rows t that ran recursion r - 1, into their signals
// shapes:   rows [T,8], kept [T,8] as in src/kernels/recur_admit.ts, z [S,D], router [R,D] -> signals [T,8]
// grid:     one workgroup per row, on y; lanes stride over channels
// numerics: sums in f32; the temperature is folded into router
// source:   Bae et al. 2025, Mixture-of-Recursions, section 2.2 (expert choice): the raw residual stream, no norm
// @use reduce, layouts, latent, signals, depth_memory

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
override BY_POSITION: u32 = 0u;
// 0: every row is asked.
override HAS_KEPT: u32 = 0u;

struct Params {
  dim: u32,
  // r - 1
  router_row: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> kept: array<u32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> router: array<f32>;
@group(0) @binding(4) var<storage, read_write> signals: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let row = group.y;
  if (!has_latent(row)) {
    return;
  }
  if (HAS_KEPT == 1u) {
    if (kept[row * MEMORY_WORDS + MEMORY_EXIT] != 0u) {
      return;
    }
  }
  let at = latent_of(row) * params.dim;
  let theta = params.router_row * params.dim;
  var sum = 0.0;
  for (var d = lane.id; d < params.dim; d += WORKGROUP_SIZE) {
    sum += z[at + d] * router[theta + d];
  }
  let logit = reduce_sum(lane, sum);
  if (lane.id == 0u) {
    signals[SIGNAL_WORDS * row + SIGNAL_GATE] = 1.0 / (1.0 + exp(-logit));
  }
}
