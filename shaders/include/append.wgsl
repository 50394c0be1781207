// New nodes of a draft tree from candidates [*,4]: token, perturbed, log q, log q over what elder siblings left. Uses
// the bindings tree and candidates and a Params with cap, and `layouts`. One invocation calls these.

// Makes node first + sibling the child of `parent` with that draw order; absent if the candidate is.
fn append(parent: u32, first: u32, sibling: u32, candidate: u32) {
  let cap = params.cap;
  let child = first + sibling;
  let token = candidates[candidate];
  let is_there = token != NONE;
  tree[NODE_TOKEN * cap + child] = select(0u, token, is_there);
  tree[NODE_PARENT * cap + child] = select(NONE, parent, is_there);
  tree[NODE_DEPTH * cap + child] = tree[NODE_DEPTH * cap + parent] + 1u;
  tree[NODE_SIBLING * cap + child] = sibling;
  tree[NODE_FIRST_CHILD * cap + child] = 0u;
  tree[NODE_CHILD_COUNT * cap + child] = 0u;
  let phi = bitcast<f32>(tree[NODE_PHI * cap + parent]) + bitcast<f32>(candidates[candidate + 2u]);
  tree[NODE_PHI * cap + child] = select(0u, bitcast<u32>(phi), is_there);
  tree[NODE_PERTURBED * cap + child] = select(0u, candidates[candidate + 1u], is_there);
  tree[NODE_LOGQ * cap + child] = select(0u, candidates[candidate + 3u], is_there);
}

fn adopt(parent: u32, first: u32, count: u32) {
  tree[NODE_FIRST_CHILD * params.cap + parent] = select(0u, first, count > 0u);
  tree[NODE_CHILD_COUNT * params.cap + parent] = count;
}
