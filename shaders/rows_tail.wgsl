// rows_tail: row i = the committed token at position n - T + i, seeing itself and all before
// shapes:    ctl [16], seq [>= n] -> rows [T,8], bits [T,8]
// grid:      one invocation per row
// numerics:  integers; a row before the start of the text, or of an ended text, is idle
// source:    speculative.md 2.4 (catch-up of one or two tokens)
// @use layouts, tail_row

struct Params {
  rows_count: u32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> seq: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> bits: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= params.rows_count) {
    return;
  }
  write_tail_row(i, tail_position(i, params.rows_count));
}
