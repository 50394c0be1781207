// recur_begin: a[i,:] = z[p(t),:] and x[i,:] = w[t,:] of the i-th active row t: what the adapter's product is added to
// shapes:   rows [T,8], active [T], z [S,D], w [T,D] -> a [T,D], x [T,D]
// grid:     x: channels; y: active rows
// numerics: copies
// source:   recursion.md 2.5: the adapter is linear, so its part of the embedding is computed once a token
// @use layouts, latent, active

override WORKGROUP_SIZE: u32 = 64u;
override BY_POSITION: u32 = 0u;

struct Params {
  dim: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> active_rows: array<u32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<f32>;
@group(0) @binding(4) var<storage, read_write> a: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let d = id.x;
  let i = id.y;
  if (d >= params.dim) {
    return;
  }
  let row = active_row(i);
  if (row == NONE) {
    return;
  }
  a[i * params.dim + d] = z[latent_of(row) * params.dim + d];
  x[i * params.dim + d] = w[row * params.dim + d];
}
