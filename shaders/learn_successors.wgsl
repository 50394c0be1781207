// learn_successors: the k most probable tokens after each verified node become the successors of its token
// shapes:           tree [10,cap], tops [cap,k] (ids first), outcome [16 + 10 cap] -> successors [V,k]
// grid:             one invocation per node; of nodes with one token, one on the accepted path wins, then the highest id
// numerics:         integers
// source:           Luo et al. 2024, Token Recycling, section 3.3; speculative.md 5.4 (update, rule a)
// @use layouts

struct Params {
  k: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> tree: array<u32>;
@group(0) @binding(1) var<storage, read> tops: array<u32>;
@group(0) @binding(2) var<storage, read> outcome: array<u32>;
@group(0) @binding(3) var<storage, read_write> successors: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let cap = params.cap;
  let node = id.x;
  if (node >= cap || outcome[OUT_ACTIVE] == 0u || !is_there(node)) {
    return;
  }
  let token = tree[NODE_TOKEN * cap + node];
  let own = weight_of(node);
  for (var other = 0u; other < cap; other++) {
    if (is_there(other) && tree[NODE_TOKEN * cap + other] == token && weight_of(other) > own) {
      return;
    }
  }
  for (var j = 0u; j < params.k; j++) {
    successors[token * params.k + j] = tops[node * params.k + j];
  }
}

fn is_there(node: u32) -> bool {
  return node == 0u || tree[NODE_PARENT * params.cap + node] != NONE;
}

fn weight_of(node: u32) -> u32 {
  let accepted = outcome[OUT_ACCEPTED];
  for (var k = 0u; k <= accepted; k++) {
    if (outcome[OUT_HEAD + OUT_ARRAY_PATH * params.cap + k] == node) {
      return params.cap + node;
    }
  }
  return node;
}
