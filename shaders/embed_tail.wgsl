// embed_tail: rows_tail and embed in one: row i = the committed token at position n - T + i, x[i,:] = scale * table[token,:]
// shapes:   ctl [16], seq [>= n], table [V,D] in units, scales [V/4,groups,4] -> rows [T,8], bits [T,8], x [T,D]
// grid:     one invocation per unit of columns of a row; y: rows; the first of a row also writes its descriptor
// numerics: f32; an idle row becomes zeros
// source:   Vaswani et al. 2017, section 3.4; speculative.md 2.4 (catch-up of one or two tokens)
// @use layouts, weights, tail_row

override WORKGROUP_SIZE: u32 = 64u;
override UNITS: u32 = 1u;
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;
// 1 where weights are integers and need their scales.
override IS_SCALED: u32 = 0u;

struct Params {
  rows_count: u32,
  scale: f32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> seq: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<Unit>;
@group(0) @binding(3) var<storage, read> scales: array<Scale>;
@group(0) @binding(4) var<storage, read_write> rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> bits: array<u32>;
@group(0) @binding(6) var<storage, read_write> x: array<Activation>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  let row = id.y;
  if (c >= UNITS) {
    return;
  }
  let position = tail_position(row, params.rows_count);
  if (c == 0u) {
    write_tail_row(row, position);
  }
  let at = row * UNITS + c;
  if (position == NONE) {
    x[at] = Activation();
    return;
  }
  let token = seq[position];
  var v = unit_row(weight[(token / 4u) * UNITS + c], token % 4u);
  if (IS_SCALED == 1u) {
    v *= scale_of(scales[(token / 4u) * GROUPS + c / UNITS_PER_GROUP])[token % 4u];
  }
  x[at] = v * params.scale;
}
