// draft_template: a tree of fixed shape out of a table of successors: node i is entry rank_i of its parent's token
// shapes:         successors [V,k] (NONE in rows never written), plan [cap,2]: parent and rank -> tree [10,cap]
// grid:           one invocation: a node needs its parent's token
// numerics:       integers; chosen tokens are point masses, the log of probability 1 is 0
// source:         Luo et al. 2024, Token Recycling, section 3.2; speculative.md 5.4
// @use layouts

struct Params {
  k: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> successors: array<u32>;
@group(0) @binding(1) var<storage, read> plan: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  let cap = params.cap;
  for (var node = 1u; node < cap; node++) {
    let parent = plan[2u * node];
    let rank = plan[2u * node + 1u];
    // A child of an absent node is absent.
    var token = NONE;
    if (parent == 0u || tree[NODE_PARENT * cap + parent] != NONE) {
      token = successors[tree[NODE_TOKEN * cap + parent] * params.k + rank];
    }
    if (token == NONE) {
      continue;
    }
    tree[NODE_TOKEN * cap + node] = token;
    tree[NODE_PARENT * cap + node] = parent;
    tree[NODE_DEPTH * cap + node] = tree[NODE_DEPTH * cap + parent] + 1u;
    tree[NODE_SIBLING * cap + node] = rank;
    if (rank == 0u) {
      tree[NODE_FIRST_CHILD * cap + parent] = node;
    }
    tree[NODE_CHILD_COUNT * cap + parent] += 1u;
  }
}
