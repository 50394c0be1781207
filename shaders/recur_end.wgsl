// recur_end: z[p(t),:] = x[i,:] of the i-th active row t; signals: |x - z| / |x| and 1 - cos(x, z), z before it was replaced
// shapes:   rows [T,8], active [T], x [T,D] -> z [S,D] in place, signals [T,8] as in src/kernels/latents.ts
// grid:     one workgroup per active row, on y; lanes stride over channels
// numerics: sums in f32
// source:   Geiping et al. 2025, section 5 (latent difference); recursion.md 3.4
// @use reduce, layouts, latent, active

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
override BY_POSITION: u32 = 0u;

struct Params {
  dim: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> active_rows: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
@group(0) @binding(4) var<storage, read_write> signals: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

const SIGNAL_WORDS = 8u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let i = group.y;
  let row = active_row(i);
  if (row == NONE) {
    return;
  }
  let to = latent_of(row) * params.dim;
  var sums = vec4<f32>(0.0);
  for (var d = lane.id; d < params.dim; d += WORKGROUP_SIZE) {
    let fresh = x[i * params.dim + d];
    let before = z[to + d];
    let step = fresh - before;
    sums += vec4<f32>(step * step, fresh * fresh, before * before, fresh * before);
    z[to + d] = fresh;
  }
  let all = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    let at = SIGNAL_WORDS * row;
    signals[at] = sqrt(all.x / max(all.y, 1.0e-30));
    signals[at + 1u] = 1.0 - all.w / max(sqrt(all.y) * sqrt(all.z), 1.0e-30);
    signals[at + 6u] = 1.0;
  }
}
