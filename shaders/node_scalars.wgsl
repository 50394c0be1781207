// node_scalars: what the walk needs of each node and its children x_j: s_j = q left at its draw, a_j = min(1, r_j(x_j) / d_j(x_j)), Z_j = sum relu(r_j - d_j); or a token; or K-SEQ's rho
// shapes:       tree [10,cap], target_laws [*,V], draft_laws [*,V] (row = ORIGIN) -> scalars [8,cap]
// grid:         one workgroup per node; lanes stride over the vocabulary, once per child
// numerics:     f32; s_j in logs; Z_j below 1e-7 accepts; s_0 is 1, the laws being normalised
// source:       Jeon et al. 2024, recursive rejection sampling; Miao et al. 2024, algorithm 2; Sun et al. 2023, K-SEQ; speculative.md 4.2-4.5, 8.5
// @use layouts, rng, reduce, residual

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  vocab_size: u32,
  rule: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> tree: array<u32>;
@group(0) @binding(1) var<storage, read> target_laws: array<f32>;
@group(0) @binding(2) var<storage, read> draft_laws: array<f32>;
@group(0) @binding(3) var<storage, read> ctl: array<u32>;
@group(0) @binding(4) var<storage, read_write> scalars: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

// Halvings of an interval of at most 63: what is left is below what f32 can tell apart.
const RHO_HALVINGS = 30u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let cap = params.cap;
  let node = group.x;
  if (node > 0u && tree[NODE_PARENT * cap + node] == NONE) {
    return;
  }
  let first = tree[NODE_FIRST_CHILD * cap + node];
  var m = min(tree[NODE_CHILD_COUNT * cap + node], MAX_CHILDREN);
  // A later one of equal siblings shares the children of the first, which is their parent and speaks for them.
  if (m > 0u && tree[NODE_PARENT * cap + first] != node) {
    m = 0u;
  }
  let at = node * params.vocab_size;
  let q_at = draft_row(node);
  for (var j = 0u; j < m; j++) {
    kid_token[j] = tree[NODE_TOKEN * cap + first + j];
  }
  if (is_point_rule(params.rule)) {
    end_token(lane, node, first, m);
    return;
  }
  if (m == 0u) {
    return;
  }
  if (params.rule == RULE_K_SEQ) {
    k_seq(lane, node, first, m);
    return;
  }
  if (m > 1u && params.rule == RULE_RECURSIVE_REJECTION) {
    left_masses(lane, q_at, m);
  }
  for (var j = 0u; j < m; j++) {
    var sum = 0.0;
    for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
      let logp = target_laws[at + x];
      if (logp <= -100.0) {
        continue;
      }
      let logq = draft_laws[q_at + x];
      let kid = taker_of(x, j, params.rule);
      sum += max(0.0, residual_prob(logp, logq, kid, j) - draw_prob(logq, kid, j));
    }
    let z = reduce_sum(lane, sum);
    kid_z[j] = z;
    if (lane.id == 0u) {
      let logp = target_laws[at + kid_token[j]];
      let logq = draft_laws[q_at + kid_token[j]];
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

// Where the draft law after a node that has children begins.
fn draft_row(node: u32) -> u32 {
  return tree[NODE_ORIGIN * params.cap + node] * params.vocab_size;
}

// kid_log_left[j] = log of the sum of q over all tokens but children 0 .. j-1, for j > 0.
fn left_masses(lane: Lane, q_at: u32, m: u32) {
  var largest = 2.0 * MASKED;
  var sum = 0.0;
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    let logq = draft_laws[q_at + x];
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
    let logq = draft_laws[q_at + kid_token[j - 1u]];
    let higher = max(scale, logq);
    rest = rest * exp(scale - higher) + exp(logq - higher);
    scale = higher;
    kid_log_left[j - 1u] = scale + log(rest);
  }
}

// The token that ends a path at `node`, and which child it is: the argmax of the target law, or a draw from it. A child's
// numbers are those of rejection sampling against point masses: r is what the law is after its elder siblings, d is 1.
fn end_token(lane: Lane, node: u32, first: u32, m: u32) {
  let cap = params.cap;
  let at = node * params.vocab_size;
  let is_greedy = params.rule == RULE_GREEDY;
  var best = Best(2.0 * MASKED, NONE);
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    var value = target_laws[at + x];
    if (!is_greedy && value > 0.5 * MASKED) {
      value += to_gumbel(random_u32(ctl[CTL_SEED], ctl[CTL_STEP], PURPOSE_FINAL, node, 0u, x));
    }
    best = better(best, Best(value, x));
  }
  best = reduce_argmax(lane, best);
  if (lane.id != 0u) {
    return;
  }
  // A token id is a small integer: exact in f32.
  scalars[SCALAR_NODE * cap + node] = f32(best.index);
  var left = 1.0;
  for (var j = 0u; j < m; j++) {
    let child = first + j;
    let logp = target_laws[at + kid_token[j]];
    let p = select(exp(logp), 0.0, logp <= -100.0);
    let r = select(0.0, min(1.0, p / left), left > CERTAIN);
    left -= p;
    let hit = select(0.0, 1.0, kid_token[j] == best.index);
    let accept = select(r, hit, is_greedy);
    scalars[SCALAR_LOG_LEFT * cap + child] = 0.0;
    scalars[SCALAR_ACCEPT * cap + child] = accept;
    scalars[SCALAR_Z * cap + child] = 1.0 - accept;
    scalars[SCALAR_R * cap + child] = accept;
    scalars[SCALAR_D * cap + child] = select(1.0, exp(bitcast<f32>(tree[NODE_LOGQ * cap + child])), is_greedy);
    scalars[SCALAR_LOGP * cap + child] = logp;
  }
}

// beta(rho) = sum_x min(q(x), p(x) / rho): the chance that one draw is accepted.
fn beta_of(lane: Lane, at: u32, q_at: u32, rho: f32) -> f32 {
  var sum = 0.0;
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    sum += min(exp(max(draft_laws[q_at + x], -100.0)), exp(max(target_laws[at + x], -100.0)) / rho);
  }
  return reduce_sum(lane, sum);
}

// rho solves 1 - (1 - beta)^m = rho beta; of an interval around it the upper end, where the residual stays above 0.
fn k_seq(lane: Lane, node: u32, first: u32, m: u32) {
  let cap = params.cap;
  let at = node * params.vocab_size;
  let q_at = draft_row(node);
  var low = 1.0;
  var high = f32(m);
  for (var i = 0u; i < RHO_HALVINGS; i++) {
    let middle = 0.5 * (low + high);
    let beta = beta_of(lane, at, q_at, middle);
    if (1.0 - pow(max(1.0 - beta, 0.0), f32(m)) > middle * beta) {
      low = middle;
    } else {
      high = middle;
    }
  }
  let beta = beta_of(lane, at, q_at, high);
  let any = 1.0 - pow(max(1.0 - beta, 0.0), f32(m));
  if (lane.id != 0u) {
    return;
  }
  scalars[SCALAR_RHO * cap + node] = high;
  for (var j = 0u; j < m; j++) {
    let child = first + j;
    let logp = target_laws[at + kid_token[j]];
    let r = select(exp(logp) / high, 0.0, logp <= -100.0);
    let d = exp(max(draft_laws[q_at + kid_token[j]], -100.0));
    // Where next to nothing is rejected there is no residual to draw from.
    let is_certain = 1.0 - any < CERTAIN && j + 1u == m;
    scalars[SCALAR_BETA * cap + child] = beta;
    scalars[SCALAR_ACCEPT * cap + child] = select(min(1.0, r / d), 1.0, is_certain);
    scalars[SCALAR_ANY * cap + child] = any;
    scalars[SCALAR_R * cap + child] = r;
    scalars[SCALAR_D * cap + child] = d;
    scalars[SCALAR_LOGP * cap + child] = logp;
  }
}
