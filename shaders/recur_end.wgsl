// recur_end: z' = x[i,:], or z + alpha gate[t] x[i,:], or e + alpha p[t] x[i,:] in t's last, of active row t; signals: |z' - z| / |z'|, 1 - cos(z', z)
// shapes:   rows [T,8], active [T], x [T,D], e [S,D], choices [T,R+1] -> z [S,D] in place, signals [T,8] as in src/kernels/latents.ts
// grid:     one workgroup per active row, on y; lanes stride over channels
// numerics: sums in f32
// source:   Geiping et al. 2025, section 5 (latent difference); Bae et al. 2025, Mixture-of-Recursions, section 2.2 (weighted gating; token choice)
// @use reduce, layouts, latent, active, signals

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
override BY_POSITION: u32 = 0u;
// 1: a row's result counts by the gate that route_rows left in its signals.
override IS_GATED: u32 = 0u;
// 1: a row's result takes the latent's place until the depth that it chose, where it is weighted and added to e.
override IS_CHOSEN: u32 = 0u;

struct Params {
  dim: u32,
  alpha: f32,
  // r, from 1, and words of a row of choices; of chosen depths.
  recurrence: u32,
  choice_words: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> active_rows: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> e: array<f32>;
@group(0) @binding(4) var<storage, read> choices: array<u32>;
@group(0) @binding(5) var<storage, read_write> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> signals: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

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
  var is_last = false;
  if (IS_CHOSEN == 1u) {
    let choice = row * params.choice_words;
    is_last = choices[choice] == params.recurrence;
    if (is_last) {
      weight = params.alpha * bitcast<f32>(choices[choice + params.recurrence]);
    }
  }
  var sums = vec4<f32>(0.0);
  for (var d = lane.id; d < params.dim; d += WORKGROUP_SIZE) {
    let before = z[to + d];
    var base = select(0.0, before, IS_GATED == 1u);
    if (is_last) {
      base = e[to + d];
    }
    let fresh = weight * x[i * params.dim + d] + base;
    let step = fresh - before;
    sums += vec4<f32>(step * step, fresh * fresh, before * before, fresh * before);
    z[to + d] = fresh;
  }
  let all = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    signals[at + SIGNAL_REL_CHANGE] = sqrt(all.x / max(all.y, 1.0e-30));
    signals[at + SIGNAL_COSINE] = 1.0 - all.w / max(sqrt(all.y) * sqrt(all.z), 1.0e-30);
  }
}
