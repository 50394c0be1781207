// rows_span: row i = the token at position start + i, seeing itself and all before
// shapes:    seq [>= start + T] -> rows [T,8], bits [T,8]
// grid:      one invocation per row
// numerics:  integers
// source:    a chunk of a prompt
// @use layouts

struct Params {
  start: u32,
  rows_count: u32,
}
@group(0) @binding(0) var<storage, read> seq: array<u32>;
@group(0) @binding(1) var<storage, read_write> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> bits: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= params.rows_count) {
    return;
  }
  for (var w = 0u; w < ROW_BIT_WORDS; w++) {
    bits[i * ROW_BIT_WORDS + w] = 0u;
  }
  let at = i * ROW_WORDS;
  let position = params.start + i;
  rows[at + ROW_TOKEN] = seq[position];
  rows[at + ROW_POSITION] = position;
  rows[at + ROW_SLOT] = position;
  rows[at + ROW_BOUND] = position + 1u;
  rows[at + ROW_WINDOW] = 0u;
  rows[at + ROW_LIST_START] = 0u;
  rows[at + ROW_LIST_LENGTH] = 0u;
}
