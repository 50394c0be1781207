// tree_reset: a tree of the anchor alone; node 0 has the last committed token
// shapes:     ctl [16], seq [>= n] -> tree [10,cap]
// grid:       one invocation per node
// numerics:   integers; the log of probability 1 is 0
// source:     speculative.md 2.1
// @use layouts

struct Params {
  cap: u32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> seq: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let node = id.x;
  let cap = params.cap;
  if (node >= cap) {
    return;
  }
  tree[NODE_TOKEN * cap + node] = select(0u, seq[ctl[CTL_N] - 1u], node == 0u);
  tree[NODE_PARENT * cap + node] = NONE;
  tree[NODE_DEPTH * cap + node] = 0u;
  tree[NODE_SIBLING * cap + node] = 0u;
  tree[NODE_FIRST_CHILD * cap + node] = 0u;
  tree[NODE_CHILD_COUNT * cap + node] = 0u;
  tree[NODE_LOGQ * cap + node] = 0u;
  tree[NODE_PHI * cap + node] = 0u;
  tree[NODE_PERTURBED * cap + node] = 0u;
  tree[NODE_ORIGIN * cap + node] = node;
}
