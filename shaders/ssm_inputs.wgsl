// ssm_inputs: u[t,c] = silu(sum_k taps[c,k] p[t-3+k,c] + bias[c]); by head dt = clamp(softplus(p + bias)) and what decays by it
// shapes:   rows [T,8], projected [T,S], taps [C,4], offsets [C+H], rates [H] -> windows [C,4] in place, u [T,C], steps [T,H,4]
// grid:     one invocation per channel, then one per head; each goes through the rows in order
// numerics: f32; a row at position 0 begins with empty windows, an idle row leaves them and lets nothing decay
// source:   Dao and Gu 2024, Transformers are SSMs, sections 6 and 7; Gu and Dao 2023, Mamba, section 3.5.2
// @use layouts, decay

override WORKGROUP_SIZE: u32 = 64u;

struct Params {
  row_count: u32,
  // Words from one row of `projected` to the next, and where channels begin in a row; heads follow them.
  stride: u32,
  first: u32,
  channels: u32,
  heads: u32,
  // Rows of a chunk: sums of what decays begin anew with each.
  chunk: u32,
  least_step: f32,
  most_step: f32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> taps: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> offsets: array<f32>;
@group(0) @binding(4) var<storage, read> rates: array<f32>;
@group(0) @binding(5) var<storage, read_write> windows: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> u: array<f32>;
@group(0) @binding(7) var<storage, read_write> steps: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.channels) {
    convolve(id.x);
  } else if (id.x < params.channels + params.heads) {
    pace(id.x - params.channels);
  }
}

fn convolve(c: u32) {
  var window = windows[c];
  for (var t = 0u; t < params.row_count; t++) {
    let to = t * params.channels + c;
    if (rows[t * ROW_WORDS + ROW_SLOT] == NONE) {
      u[to] = 0.0;
      continue;
    }
    if (rows[t * ROW_WORDS + ROW_POSITION] == 0u) {
      window = vec4<f32>();
    }
    window = vec4<f32>(window.yzw, projected[t * params.stride + params.first + c]);
    u[to] = silu(dot(window, taps[c]) + offsets[c]);
  }
  windows[c] = window;
}

fn pace(head: u32) {
  let column = params.first + params.channels + head;
  for (var start = 0u; start < params.row_count; start += params.chunk) {
    let end = min(start + params.chunk, params.row_count);
    var sum = 0.0;
    for (var t = start; t < end; t++) {
      var dt = 0.0;
      if (rows[t * ROW_WORDS + ROW_SLOT] != NONE) {
        let raw = projected[t * params.stride + column] + offsets[params.channels + head];
        dt = clamp(softplus(raw), params.least_step, params.most_step);
      }
      sum += dt * rates[head];
      steps[t * params.heads + head] = vec4<f32>(dt, sum, 0.0, exp(sum));
    }
    for (var t = start; t < end; t++) {
      let at = t * params.heads + head;
      let step = steps[at];
      steps[at].z = exp(sum - step.y) * step.x;
    }
  }
}
