// latent_acceleration: step' = z - last_z, of each row's position; change[t,2] = |step' - step| / |z|
// shapes:   rows [T,8], z [S,D], last_z [S,D] -> last_step [S,D] in place, change [T,8]
// grid:     one workgroup per row, on y; lanes stride over channels
// numerics: sums in f32
// source:   Geiping, Yang and Su 2025 (arXiv 2510.14961), released sampler, freeze by the latent's acceleration, second form
// @use reduce, layouts, latent, signals

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
override BY_POSITION: u32 = 0u;

struct Params {
  dim: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> last_z: array<f32>;
@group(0) @binding(3) var<storage, read_write> last_step: array<f32>;
@group(0) @binding(4) var<storage, read_write> change: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

const ACCELERATION = 2u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let row = group.y;
  if (!has_latent(row)) {
    return;
  }
  let at = latent_of(row) * params.dim;
  var sums = vec4<f32>(0.0);
  for (var d = at + lane.id; d < at + params.dim; d += WORKGROUP_SIZE) {
    let now = z[d];
    let step = now - last_z[d];
    let turn = step - last_step[d];
    sums += vec4<f32>(turn * turn, now * now, 0.0, 0.0);
    last_step[d] = step;
  }
  let all = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    change[SIGNAL_WORDS * row + ACCELERATION] = sqrt(all.x / max(all.y, 1.0e-30));
  }
}
