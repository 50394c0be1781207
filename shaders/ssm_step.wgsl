// ssm_step: h = exp(dt A) h + dt x B^T, g = (h C + D x) silu(z): one token through the state of a layer
// shapes:   rows [1,8], projected [1,S] with z first, u [1,C] (x, then B and C by groups), steps [1,H,4], skip [H] -> state [H,N/4,P,4] in place, gated [1,H P]
// grid:     one invocation per head and entry of it
// numerics: f32; a row at position 0 forgets the state, an idle row leaves it
// source:   Dao and Gu 2024, Transformers are SSMs, equation 1 and section 7.1 (gate before the norm)
// @use layouts, decay

override WORKGROUP_SIZE: u32 = 64u;
override HEADS: u32 = 1u;
override HEAD_DIM: u32 = 4u;
// Quads of the N numbers that an entry of a head keeps.
override STATE_QUADS: u32 = 1u;
// Heads that share B and C.
override GROUP_HEADS: u32 = 1u;

@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> u: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> steps: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> skip: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> gated: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= HEADS * HEAD_DIM || rows[ROW_SLOT] == NONE) {
    return;
  }
  let head = i / HEAD_DIM;
  let step = steps[head];
  let x = u[i / 4u][i % 4u];
  let inner_quads = HEADS * HEAD_DIM / 4u;
  let b_at = inner_quads + head / GROUP_HEADS * STATE_QUADS;
  let c_at = b_at + HEADS / GROUP_HEADS * STATE_QUADS;
  let is_first = rows[ROW_POSITION] == 0u;
  var y = skip[head] * x;
  for (var n = 0u; n < STATE_QUADS; n++) {
    let at = (head * STATE_QUADS + n) * HEAD_DIM + i % HEAD_DIM;
    let left = select(step.w * state[at], vec4<f32>(), is_first);
    let h = left + step.x * x * u[b_at + n];
    state[at] = h;
    y += dot(h, u[c_at + n]);
  }
  gated[i] = y * silu(projected[i]);
}
