// ssd_scores: scores[g,t,s] = C_t . B_s for rows s <= t of one chunk
// shapes:   u [T,C] (x, then B and C by groups) -> scores [G,T,Q], s counted from the chunk's first row
// grid:     x: s; y: t; z: groups
// numerics: sums in f32; entries with s > t are not written
// source:   Dao and Gu 2024, Transformers are SSMs, section 6 (step 1, the diagonal blocks)

override WORKGROUP_SIZE: u32 = 64u;
override GROUPS: u32 = 1u;
override STATE_QUADS: u32 = 1u;

struct Params {
  row_count: u32,
  // Quads of a row of u, and of x at its beginning.
  channel_quads: u32,
  inner_quads: u32,
  chunk: u32,
}
@group(0) @binding(0) var<storage, read> u: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> scores: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let s = id.x;
  let t = id.y;
  if (s > t % params.chunk) {
    return;
  }
  let b_at = (t - t % params.chunk + s) * params.channel_quads + params.inner_quads + id.z * STATE_QUADS;
  let c_at = t * params.channel_quads + params.inner_quads + (GROUPS + id.z) * STATE_QUADS;
  var sum = 0.0;
  for (var n = 0u; n < STATE_QUADS; n++) {
    sum += dot(u[c_at + n], u[b_at + n]);
  }
  scores[(id.z * params.row_count + t) * params.chunk + s] = sum;
}
