// recur_end: z' = x[i,:], or z + alpha gate[t] x[i,:], of the i-th active row t; signals: |z' - z| / |z'| and 1 - cos(z', z)
// shapes:   rows [T,8], active [T], x [T,D] -> z [S,D] in place, signals [T,8] as in src/kernels/latents.ts
// grid:     one workgroup per active row, on y; lanes stride over channels
// numerics: sums in f32
// source:   Geiping et al. 2025, section 5 (latent difference); Bae et al. 2025, Mixture-of-Recursions, section 2.2 (weighted gating)
// @use reduce, layouts, latent, active

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
override BY_POSITION: u32 = 0u;
// 1: a row's result counts by the gate that route_rows left in its signals.
override IS_GATED: u32 = 0u;

struct Params {
  dim: u32,
  alpha: f32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> active_rows: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
@group(0) @binding(4) var<storage, read_write> signals: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

const SIGNAL_WORDS = 8u;
const SIGNAL_GATE = 6u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let i = group.y;
  let row = active_row(i);
  if (row == NONE) {
    return;
  }
  let to = latent_of(row) * params.dim;
  let at = SIGNAL_WORDS * row;
  var weight = 1.0;
  if (IS_GATED == 1u) {
    weight = params.alpha * signals[at + SIGNAL_GATE];
  }
  var sums = vec4<f32>(0.0);
  for (var d = lane.id; d < params.dim; d += WORKGROUP_SIZE) {
    let before = z[to + d];
    let fresh = weight * x[i * params.dim + d] + select(0.0, before, IS_GATED == 1u);
    let step = fresh - before;
    sums += vec4<f32>(step * step, fresh * fresh, before * before, fresh * before);
    z[to + d] = fresh;
  }
  let all = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    signals[at] = sqrt(all.x / max(all.y, 1.0e-30));
    signals[at + 1u] = 1.0 - all.w / max(sqrt(all.y) * sqrt(all.z), 1.0e-30);
  }
}
