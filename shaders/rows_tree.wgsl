// rows_tree: row i = tree node from + i, seeing the committed text before the anchor, its ancestors and itself
// shapes:    ctl [16], tree [10,cap] -> rows [T,8], bits [T,8]
// grid:      one invocation per row
// numerics:  integers; the row of an absent node, or of an ended text, is idle
// source:    speculative.md 2.2: position base + depth, slot base + node
// @use layouts

struct Params {
  first_node: u32,
  rows_count: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> tree: array<u32>;
@group(0) @binding(2) var<storage, read_write> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> bits: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= params.rows_count) {
    return;
  }
  let cap = params.cap;
  let node = params.first_node + i;
  let base = ctl[CTL_N] - 1u;
  let is_idle = (node > 0u && tree[NODE_PARENT * cap + node] == NONE) || ctl[CTL_DONE] != 0u;

  var seen: array<u32, ROW_BIT_WORDS>;
  var v = select(node, NONE, is_idle);
  // Parents come before children, so the walk ends; v also ends it where a tree would be broken.
  while (v != NONE) {
    seen[v / 32u] |= 1u << (v % 32u);
    let parent = tree[NODE_PARENT * cap + v];
    v = select(NONE, parent, parent < v);
  }
  for (var w = 0u; w < ROW_BIT_WORDS; w++) {
    bits[i * ROW_BIT_WORDS + w] = seen[w];
  }
  let at = i * ROW_WORDS;
  rows[at + ROW_TOKEN] = select(tree[NODE_TOKEN * cap + node], 0u, is_idle);
  rows[at + ROW_POSITION] = select(base + tree[NODE_DEPTH * cap + node], 0u, is_idle);
  rows[at + ROW_SLOT] = select(base + node, NONE, is_idle);
  rows[at + ROW_BOUND] = select(base, 0u, is_idle);
  rows[at + ROW_WINDOW] = base;
  rows[at + ROW_LIST_START] = 0u;
  rows[at + ROW_LIST_LENGTH] = 0u;
}
