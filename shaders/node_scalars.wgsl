// node_scalars: for each child x_j of each node: s_j = q left at its draw, a_j = min(1, r_j(x_j) / d_j(x_j)), Z_j = sum relu(r_j - d_j)
// shapes:       tree [9,cap], target_laws [*,V], draft_laws [*,V] (row = node) -> scalars [8,cap]
// grid:         one workgroup per node; lanes stride over the vocabulary, once per child
// numerics:     f32; s_j in logs; Z_j below 1e-7 accepts; s_0 is 1, the laws being normalised
// source:       Jeon et al. 2024, recursive rejection sampling; speculative.md 4.3 (scalar form), 8.5
// @use layouts, reduce, residual

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  vocab_size: u32,
  is_greedy: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> tree: array<u32>;
@group(0) @binding(1) var<storage, read> target_laws: array<f32>;
@group(0) @binding(2) var<storage, read> draft_laws: array<f32>;
@group(0) @binding(3) var<storage, read_write> scalars: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let cap = params.cap;
  let node = group.x;
  if (node > 0u && tree[NODE_PARENT * cap + node] == NONE) {
    return;
  }
  let m = min(tree[NODE_CHILD_COUNT * cap + node], MAX_CHILDREN);
  let first = tree[NODE_FIRST_CHILD * cap + node];
  let at = node * params.vocab_size;
  for (var j = 0u; j < m; j++) {
    kid_token[j] = tree[NODE_TOKEN * cap + first + j];
  }
  if (params.is_greedy != 0u) {
    greedy(lane, node, first, m);
    return;
  }
  if (m == 0u) {
    return;
  }
  if (m > 1u) {
    left_masses(lane, at, m);
  }
  for (var j = 0u; j < m; j++) {
    var sum = 0.0;
    for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
      let logp = target_laws[at + x];
      if (logp <= -100.0) {
        continue;
      }
      let logq = draft_laws[at + x];
      let kid = kid_of(x, j);
      sum += max(0.0, residual_prob(logp, logq, kid, j) - draw_prob(logq, kid, j));
    }
    let z = reduce_sum(lane, sum);
    kid_z[j] = z;
    if (lane.id == 0u) {
      let logp = target_laws[at + kid_token[j]];
      let logq = draft_laws[at + kid_token[j]];
      let r = residual_prob(logp, logq, j, j);
      let d = draw_prob(logq, j, j);
      // A child that cannot have been drawn is judged by the target alone.
      var accept = select(0.0, 1.0, r > 0.0);
      if (d > 0.0) {
        accept = min(1.0, r / d);
      }
      let child = first + j;
      scalars[SCALAR_LOG_LEFT * cap + child] = kid_log_left[j];
      scalars[SCALAR_ACCEPT * cap + child] = select(accept, 1.0, z < CERTAIN);
      scalars[SCALAR_Z * cap + child] = z;
      scalars[SCALAR_R * cap + child] = r;
      scalars[SCALAR_D * cap + child] = d;
      scalars[SCALAR_LOGP * cap + child] = logp;
    }
  }
}

// kid_log_left[j] = log of the sum of q over all tokens but children 0 .. j-1, for j > 0.
fn left_masses(lane: Lane, at: u32, m: u32) {
  var largest = 2.0 * MASKED;
  var sum = 0.0;
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    let logq = draft_laws[at + x];
    if (logq > 0.5 * MASKED && kid_of(x, m) == m) {
      let top = max(largest, logq);
      sum = sum * exp(largest - top) + exp(logq - top);
      largest = top;
    }
  }
  let top = reduce_max(lane, largest);
  var rest = reduce_sum(lane, sum * exp(largest - top));
  var scale = top;
  for (var j = m; j > 1u; j--) {
    let logq = draft_laws[at + kid_token[j - 1u]];
    let higher = max(scale, logq);
    rest = rest * exp(scale - higher) + exp(logq - higher);
    scale = higher;
    kid_log_left[j - 1u] = scale + log(rest);
  }
}

// The argmax of the target law, and which child has it.
fn greedy(lane: Lane, node: u32, first: u32, m: u32) {
  let cap = params.cap;
  let at = node * params.vocab_size;
  var best = Best(2.0 * MASKED, NONE);
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    best = better(best, Best(target_laws[at + x], x));
  }
  best = reduce_argmax(lane, best);
  if (lane.id != 0u) {
    return;
  }
  // A token id is a small integer: exact in f32.
  scalars[SCALAR_ARGMAX * cap + node] = f32(best.index);
  for (var j = 0u; j < m; j++) {
    let child = first + j;
    let hit = select(0.0, 1.0, kid_token[j] == best.index);
    scalars[SCALAR_LOG_LEFT * cap + child] = 0.0;
    scalars[SCALAR_ACCEPT * cap + child] = hit;
    scalars[SCALAR_Z * cap + child] = 1.0 - hit;
    scalars[SCALAR_R * cap + child] = hit;
    scalars[SCALAR_D * cap + child] = exp(bitcast<f32>(tree[NODE_LOGQ * cap + child]));
    scalars[SCALAR_LOGP * cap + child] = target_laws[at + kid_token[j]];
  }
}
