// embed_mix: e[p,:] = new x[t,:] + old e[p,:], copied to y[t,:]; w[t,:] = 0
// shapes:   rows [T,8], starts [T,8], x [T,D] -> e [S,D] in place, y [T,D], w [T,D]
// grid:     x: channels; y: rows
// numerics: f32
// source:   arXiv 2510.14961, momentum of input embeddings
// @use layouts, latent

override WORKGROUP_SIZE: u32 = 64u;
override BY_POSITION: u32 = 0u;

struct Params {
  dim: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> e: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> w: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let d = id.x;
  let row = id.y;
  if (d >= params.dim) {
    return;
  }
  let own = row * params.dim + d;
  w[own] = 0.0;
  if (!has_latent(row)) {
    y[own] = 0.0;
    return;
  }
  let at = latent_of(row) * params.dim + d;
  let old = bitcast<f32>(starts[row * START_WORDS + START_OLD]);
  var value = bitcast<f32>(starts[row * START_WORDS + START_NEW]) * x[own];
  // What was never written may be anything.
  if (old > 0.0) {
    value += old * e[at];
  }
  e[at] = value;
  y[own] = value;
}
