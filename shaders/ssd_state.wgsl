// ssd_state: h = exp(a_Q) h + sum_s exp(a_Q - a_s) dt_s x_s B_s^T: the state after the rows of one chunk
// shapes:   rows [T,8], u [T,C], steps [T,H,4] -> state [H,N/4,P,4] in place
// grid:     x: entries of a head by quads of the state; y: heads
// numerics: f32; a chunk at position 0 begins with h = 0
// source:   Dao and Gu 2024, Transformers are SSMs, section 6 (steps 2 and 3)
// @use layouts

override WORKGROUP_SIZE: u32 = 64u;
override HEADS: u32 = 1u;
override HEAD_DIM: u32 = 4u;
override STATE_QUADS: u32 = 1u;
override GROUP_HEADS: u32 = 1u;

struct Params {
  // First row of the chunk, and its rows.
  first: u32,
  count: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> u: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> steps: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> state: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= STATE_QUADS * HEAD_DIM) {
    return;
  }
  let head = id.y;
  let n = id.x / HEAD_DIM;
  let entry = head * HEAD_DIM + id.x % HEAD_DIM;
  let inner_quads = HEADS * HEAD_DIM / 4u;
  let channel_quads = inner_quads + 2u * HEADS / GROUP_HEADS * STATE_QUADS;
  let b_at = inner_quads + head / GROUP_HEADS * STATE_QUADS + n;
  let at = head * STATE_QUADS * HEAD_DIM + id.x;
  let last = params.first + params.count - 1u;
  var h = vec4<f32>();
  if (rows[params.first * ROW_WORDS + ROW_POSITION] != 0u) {
    h = steps[last * HEADS + head].w * state[at];
  }
  for (var row = params.first; row <= last; row++) {
    let x = u[row * channel_quads + entry / 4u][entry % 4u];
    h += steps[row * HEADS + head].z * x * u[row * channel_quads + b_at];
  }
  state[at] = h;
}
