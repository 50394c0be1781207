// ssd_outputs: g_t = (sum_{s<=t} exp(a_t - a_s) dt_s (C_t . B_s) x_s + exp(a_t) C_t h + D x_t) silu(z_t) for the rows of one chunk
// shapes:   rows [T,8], projected [T,S] with z first, u [T,C], steps [T,H,4], scores [G,T,Q], skip [H], state [H,N/4,P,4] -> gated [T,H P]
// grid:     x: quads of heads' entries; y: rows of the chunk
// numerics: f32; exponents are differences of sums within a chunk and never positive; a chunk at position 0 begins with h = 0
// source:   Dao and Gu 2024, Transformers are SSMs, section 6 (steps 1 and 4) and section 7.1 (gate before the norm)
// @use layouts, decay

override WORKGROUP_SIZE: u32 = 64u;
override HEADS: u32 = 1u;
override HEAD_DIM: u32 = 4u;
override STATE_QUADS: u32 = 1u;
override GROUP_HEADS: u32 = 1u;

struct Params {
  row_count: u32,
  // First row of the chunk.
  first: u32,
  // Quads from one row of `projected` to the next.
  stride: u32,
  chunk: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> u: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> steps: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> scores: array<f32>;
@group(0) @binding(5) var<storage, read> skip: array<f32>;
@group(0) @binding(6) var<storage, read> state: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> gated: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  let inner_quads = HEADS * HEAD_DIM / 4u;
  if (i >= inner_quads) {
    return;
  }
  let t = params.first + id.y;
  let head = 4u * i / HEAD_DIM;
  let group = head / GROUP_HEADS;
  let groups = HEADS / GROUP_HEADS;
  let channel_quads = inner_quads + 2u * groups * STATE_QUADS;
  let step = steps[t * HEADS + head];
  let score_at = (group * params.row_count + t) * params.chunk;
  var y = skip[head] * u[t * channel_quads + i];
  for (var s = 0u; s <= id.y; s++) {
    let row = params.first + s;
    let before = steps[row * HEADS + head];
    y += exp(step.y - before.y) * before.x * scores[score_at + s] * u[row * channel_quads + i];
  }
  if (rows[params.first * ROW_WORDS + ROW_POSITION] != 0u) {
    let c_at = t * channel_quads + inner_quads + (groups + group) * STATE_QUADS;
    var seen = vec4<f32>();
    for (var n = 0u; n < STATE_QUADS; n++) {
      let c = u[c_at + n];
      let at = (head * STATE_QUADS + n) * HEAD_DIM + 4u * i % HEAD_DIM;
      seen += vec4<f32>(dot(c, state[at]), dot(c, state[at + 1u]), dot(c, state[at + 2u]), dot(c, state[at + 3u]));
    }
    y += step.w * seen;
  }
  let z = projected[t * params.stride + i];
  gated[t * inner_quads + i] = y * vec4<f32>(silu(z.x), silu(z.y), silu(z.z), silu(z.w));
}
