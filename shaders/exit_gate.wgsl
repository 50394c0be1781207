// exit_gate: gate[t] = sigmoid(theta . rmsnorm(x[i,:]) + bias) of the i-th active row t, into its signals
// shapes:   rows [T,8], active [T], x [T,D], theta [D] -> signals [T,8] as in src/kernels/latents.ts
// grid:     one workgroup per active row, on y; lanes stride over channels
// numerics: sums in f32; the norm's gain is folded into theta
// source:   Zhu et al. 2025, Scaling Latent Reasoning via Looped Language Models (Ouro), section 3
// @use reduce, layouts, active, signals

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  dim: u32,
  bias: f32,
  eps: f32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> active_rows: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> theta: array<f32>;
@group(0) @binding(4) var<storage, read_write> signals: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let i = group.y;
  let row = active_row(i);
  if (row == NONE) {
    return;
  }
  if (rows[row * ROW_WORDS + ROW_SLOT] == NONE) {
    return;
  }
  var sums = vec4<f32>(0.0);
  for (var d = lane.id; d < params.dim; d += WORKGROUP_SIZE) {
    let value = x[i * params.dim + d];
    sums += vec4<f32>(value * theta[d], value * value, 0.0, 0.0);
  }
  let all = reduce_sum4(lane, sums);
  if (lane.id == 0u) {
    let logit = all.x / sqrt(all.y / f32(params.dim) + params.eps) + params.bias;
    signals[SIGNAL_WORDS * row + SIGNAL_GATE] = 1.0 / (1.0 + exp(-logit));
  }
}
