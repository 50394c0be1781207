// embed: x[t,:] = scale * table[rows[t].token,:]
// shapes:   rows [T,8], table [part of V,D] in quads, scales [V/4,groups,4] -> x [T,D]
// grid:     one invocation per unit of columns of a row; y: rows
// numerics: f32; a row without a token of the vocabulary becomes zeros
// source:   Vaswani et al. 2017, section 3.4; scale as in Gemma
// @use layouts, weights

override WORKGROUP_SIZE: u32 = 64u;
override UNITS: u32 = 1u;
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;
// 1 where weights are integers and need their scales.
override IS_SCALED: u32 = 0u;

struct Params {
  vocab_size: u32,
  first_token: u32,
  token_count: u32,
  scale: f32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> weight: array<Unit>;
@group(0) @binding(2) var<storage, read> scales: array<Scale>;
@group(0) @binding(3) var<storage, read_write> x: array<Activation>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  let row = id.y;
  if (c >= UNITS) {
    return;
  }
  let token = rows[row * ROW_WORDS + ROW_TOKEN];
  let at = row * UNITS + c;
  if (token >= params.vocab_size) {
    // Of several parts the first one clears.
    if (params.first_token == 0u) {
      x[at] = Activation();
    }
    return;
  }
  // Wraps to a large number below first_token.
  let local = token - params.first_token;
  if (local >= params.token_count) {
    return;
  }
  let quad = local / 4u;
  var v = unit_row(weight[quad * UNITS + c], local % 4u);
  if (IS_SCALED == 1u) {
    v *= scale_of(scales[quad * GROUPS + c / UNITS_PER_GROUP])[local % 4u];
  }
  x[at] = v * params.scale;
}
