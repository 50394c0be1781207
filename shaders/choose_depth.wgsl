// choose_depth: p = softmax(W e[p(t),:]) over depths 1..R; the depth of row t is the d with the largest p_d + balance_d, or `most`
// shapes:   rows [T,8], e [S,D], router [R,D] then balance [R] -> choices [T,R+1]: depth u32, then p f32
// grid:     one workgroup per row, on y; lanes stride over channels
// numerics: sums and the softmax in f32; the temperature is folded into router; of equal depths the smaller
// source:   Bae et al. 2025, Mixture-of-Recursions, section 2.2 (token choice): the raw residual stream, no norm
// @use reduce, layouts, latent

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;
override BY_POSITION: u32 = 0u;

struct Params {
  dim: u32,
  // R, at most MOST_DEPTHS
  depths: u32,
  // No row goes deeper.
  most: u32,
  // 1: every row goes as deep as that.
  is_forced: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> e: array<f32>;
@group(0) @binding(2) var<storage, read> router: array<f32>;
@group(0) @binding(3) var<storage, read_write> choices: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

// As in src/kernels/choose_depth.ts.
const MOST_DEPTHS = 32u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let row = group.y;
  if (!has_latent(row)) {
    return;
  }
  let at = latent_of(row) * params.dim;
  var logits: array<f32, MOST_DEPTHS>;
  for (var r = 0u; r < params.depths; r++) {
    var sum = 0.0;
    for (var d = lane.id; d < params.dim; d += WORKGROUP_SIZE) {
      sum += e[at + d] * router[r * params.dim + d];
    }
    logits[r] = reduce_sum(lane, sum);
  }
  if (lane.id != 0u) {
    return;
  }
  var largest = logits[0];
  for (var r = 1u; r < params.depths; r++) {
    largest = max(largest, logits[r]);
  }
  var total = 0.0;
  for (var r = 0u; r < params.depths; r++) {
    total += exp(logits[r] - largest);
  }
  let to = row * (params.depths + 1u);
  let balance = params.depths * params.dim;
  var best = 0u;
  var best_score = 0.0;
  for (var r = 0u; r < params.depths; r++) {
    let p = exp(logits[r] - largest) / total;
    let score = p + router[balance + r];
    if (r == 0u || score > best_score) {
      best = r;
      best_score = score;
    }
    choices[to + 1u + r] = bitcast<u32>(p);
  }
  choices[to] = select(min(best + 1u, params.most), params.most, params.is_forced == 1u);
}
