// append_paths: one more token on each of K independent paths; paths that have been equal so far go on below one node
// shapes:       candidates [K,1,4], the token after each frontier node -> tree [10,cap]
// grid:         one invocation
// numerics:     integers; the others are copied
// source:       Sun et al. 2023, SpecTr, section 3; speculative.md 5.2 (drafts that share a prefix stay live together)
// @use layouts, append

struct Params {
  first_node: u32,
  rows_count: u32,
  next: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read_write> candidates: array<u32>;
@group(0) @binding(1) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

// Equal siblings: same parent, same token. Their laws are the same, and so is what comes after them.
fn is_twin(a: u32, b: u32) -> bool {
  let cap = params.cap;
  return tree[NODE_PARENT * cap + a] == tree[NODE_PARENT * cap + b] && tree[NODE_TOKEN * cap + a] == tree[NODE_TOKEN * cap + b];
}

@compute @workgroup_size(1)
fn main() {
  let cap = params.cap;
  let end = params.first_node + params.rows_count;
  var child = params.next;
  for (var node = params.first_node; node < end; node++) {
    var is_first = true;
    for (var elder = params.first_node; elder < node; elder++) {
      is_first = is_first && !is_twin(elder, node);
    }
    if (!is_first) {
      continue;
    }
    let first = child;
    for (var twin = node; twin < end; twin++) {
      if (is_twin(node, twin)) {
        append(node, first, child - first, 4u * (twin - params.first_node));
        child++;
      }
    }
    // All of them lead to the same children.
    for (var twin = node; twin < end; twin++) {
      if (is_twin(node, twin)) {
        adopt(twin, first, child - first);
      }
    }
  }
}
