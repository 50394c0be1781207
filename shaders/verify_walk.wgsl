// verify_walk: down the tree, child j of v accepted if u(v,j) < a_j; then y = argmax_x log law(x) + gumbel(x) of the last node's (residual) law
// shapes:      tree [10,cap], target_laws [*,V], draft_laws [*,V] (row = ORIGIN), scalars [8,cap] -> outcome [16 + 10 cap], ctl, seq
// grid:        one workgroup that also commits, or several over the vocabulary, merged by commit_tree
// numerics:    accept test strict u < a; ties of the last draw go to the smaller token; greedy takes argmax throughout
// source:      speculative.md 4.1-4.5, 8.5; Leviathan et al. 2023, algorithm 1
// @use layouts, rng, reduce, residual, verdict, commit

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
@group(0) @binding(3) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(4) var<storage, read_write> ctl: array<u32>;
@group(0) @binding(5) var<storage, read_write> seq: array<u32>;
@group(0) @binding(6) var<storage, read_write> outcome: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let v = params.vocab_size;
  let cap = params.cap;
  let seed = ctl[CTL_SEED];
  let step = ctl[CTL_STEP];
  // Every lane walks; one writes.
  var node = 0u;
  var depth = 0u;
  var rejected = 0u;
  for (var open = true; open;) {
    let m = min(tree[NODE_CHILD_COUNT * cap + node], MAX_CHILDREN);
    let first = tree[NODE_FIRST_CHILD * cap + node];
    rejected = 0u;
    while (rejected < m && !is_accepted(seed, step, node, rejected, first + rejected)) {
      rejected++;
    }
    open = rejected < m && depth + 1u < cap;
    if (open) {
      node = first + rejected;
      depth++;
      if (lane.id == 0u && group.x == 0u) {
        outcome[outcome_at(OUT_ARRAY_PATH, cap, depth)] = node;
      }
    }
  }

  let first = tree[NODE_FIRST_CHILD * cap + node];
  // The laws of the node that the children's numbers are of: equal siblings share children, see node_scalars.
  let owner = select(node, tree[NODE_PARENT * cap + first], rejected > 0u);
  let at = owner * v;
  // Looked at only where children were rejected, so that the node was fed.
  let q_at = tree[NODE_ORIGIN * cap + owner] * v;
  for (var j = 0u; j < rejected; j++) {
    kid_token[j] = tree[NODE_TOKEN * cap + first + j];
    kid_log_left[j] = scalars[SCALAR_LOG_LEFT * cap + first + j];
    kid_z[j] = scalars[SCALAR_Z * cap + first + j];
  }
  var best = Best(2.0 * MASKED, NONE);
  if (!is_point_rule(params.rule)) {
    for (var x = group.x * WORKGROUP_SIZE + lane.id; x < v; x += groups.x * WORKGROUP_SIZE) {
      var logp = target_laws[at + x];
      if (rejected > 0u) {
        var r = 0.0;
        if (params.rule == RULE_K_SEQ) {
          r = k_seq_residual(logp, draft_laws[q_at + x], owner, first);
        } else {
          r = residual_prob(logp, draft_laws[q_at + x], taker_of(x, rejected, params.rule), rejected);
        }
        logp = select(MASKED, log(max(r, 1.0e-38)), r > 0.0);
      }
      if (logp > 0.5 * MASKED) {
        best = better(best, Best(logp + to_gumbel(random_u32(seed, step, PURPOSE_FINAL, node, 0u, x)), x));
      }
    }
  }
  best = reduce_argmax(lane, best);
  if (lane.id != 0u) {
    return;
  }
  if (groups.x > 1u) {
    let to = partial_at(cap, group.x);
    scalars[to] = best.value;
    scalars[to + 1u] = f32(min(best.index, v));
  }
  if (group.x != 0u) {
    return;
  }
  outcome[outcome_at(OUT_ARRAY_PATH, cap, 0u)] = 0u;
  outcome[OUT_ACCEPTED] = depth;
  outcome[OUT_FINAL_NODE] = node;
  outcome[OUT_FINAL_REJECTED] = rejected;
  outcome[OUT_EXTRA] = select(select(0u, 1u, rejected > 0u), 2u, params.rule == RULE_GREEDY);
  if (groups.x == 1u) {
    finish(best);
  }
}

fn is_accepted(seed: u32, step: u32, node: u32, sibling: u32, child: u32) -> bool {
  if (is_point_rule(params.rule)) {
    return tree[NODE_TOKEN * params.cap + child] == u32(scalars[SCALAR_NODE * params.cap + node]);
  }
  let accept = scalars[SCALAR_ACCEPT * params.cap + child];
  return to_uniform(random_u32(seed, step, PURPOSE_ACCEPT, node, sibling, 0u)) < accept;
}

// p(x) - min(q(x), p(x) / rho) pacc / beta, the law after all children were rejected, not normalised.
fn k_seq_residual(logp: f32, logq: f32, node: u32, first: u32) -> f32 {
  let p = select(exp(logp), 0.0, logp <= -100.0);
  let rho = scalars[SCALAR_RHO * params.cap + node];
  let beta = scalars[SCALAR_BETA * params.cap + first];
  let any = scalars[SCALAR_ANY * params.cap + first];
  return max(0.0, p - min(exp(max(logq, -100.0)), p / rho) * any / max(beta, CERTAIN));
}
