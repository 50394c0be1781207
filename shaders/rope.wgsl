// rope: every head of x[t,:] turned: the pair (i, i + A/2) by the angle of rows[t].position and i; in place
// shapes:   rows [T,8], rope [P,A/2,2] (cos, sin) -> x [T,H A]
// grid:     one invocation per pair; y: rows
// numerics: f32
// source:   Su et al. 2021, RoFormer, equation 34, in the half-split form of Llama
// @use layouts

override WORKGROUP_SIZE: u32 = 64u;

struct Params {
  n_heads: u32,
  head_dim: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> rope: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let half = params.head_dim / 2u;
  if (id.x >= params.n_heads * half) {
    return;
  }
  let i = id.x % half;
  let turn = rope[rows[id.y * ROW_WORDS + ROW_POSITION] * half + i];
  let at = (id.y * params.n_heads + id.x / half) * params.head_dim + i;
  let a = x[at];
  let b = x[at + half];
  x[at] = a * turn.x - b * turn.y;
  x[at + half] = b * turn.x + a * turn.y;
}
