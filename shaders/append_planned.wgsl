// append_planned: the best counts[i] candidates of frontier node i become its children
// shapes:         candidates [T,b,4], each row best first; counts [T] -> tree [10,cap]
// grid:           one invocation
// numerics:       values are copied
// source:         Chen et al. 2024, Sequoia, section 4.1; speculative.md 6.3
// @use layouts, append

struct Params {
  first_node: u32,
  rows_count: u32,
  width: u32,
  next: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> counts: array<u32>;
@group(0) @binding(1) var<storage, read_write> candidates: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  var child = params.next;
  for (var row = 0u; row < params.rows_count; row++) {
    let wanted = min(counts[row], params.width);
    var there = 0u;
    for (var j = 0u; j < wanted; j++) {
      let candidate = 4u * (row * params.width + j);
      append(params.first_node + row, child, j, candidate);
      there += select(0u, 1u, candidates[candidate] != NONE);
    }
    adopt(params.first_node + row, child, there);
    child += wanted;
  }
}
