// The end of a verified round, by one invocation: what the walk decided about each node, and the commit. Uses the
// bindings tree, target_laws, scalars, ctl, seq and outcome, and a Params with vocab_size, rule and cap, and
// `layouts`, `rng`, `residual`, `commit`.

// `best` is the winner of the final draw; point rules have their last token already.
fn finish(best: Best) {
  let cap = params.cap;
  if (ctl[CTL_DONE] != 0u) {
    outcome[OUT_ACTIVE] = 0u;
    return;
  }
  let accepted = outcome[OUT_ACCEPTED];
  for (var i = 0u; i < cap; i++) {
    let is_there = i > 0u && tree[NODE_PARENT * cap + i] != NONE;
    outcome[outcome_at(OUT_ARRAY_LOGP, cap, i)] = node_value(SCALAR_LOGP, i, is_there);
    outcome[outcome_at(OUT_ARRAY_R, cap, i)] = node_value(SCALAR_R, i, is_there);
    outcome[outcome_at(OUT_ARRAY_D, cap, i)] = node_value(SCALAR_D, i, is_there);
    outcome[outcome_at(OUT_ARRAY_ACCEPT, cap, i)] = node_value(SCALAR_ACCEPT, i, is_there);
    outcome[outcome_at(OUT_ARRAY_U, cap, i)] = bitcast<u32>(-1.0);
    outcome[outcome_at(OUT_ARRAY_VERDICT, cap, i)] = 0u;
  }
  for (var k = 0u; k <= accepted; k++) {
    let node = outcome[outcome_at(OUT_ARRAY_PATH, cap, k)];
    outcome[outcome_at(OUT_ARRAY_ORIGINS, cap, k)] = tree[NODE_ORIGIN * cap + node];
    let first = tree[NODE_FIRST_CHILD * cap + node];
    let is_last = k == accepted;
    let next = outcome[outcome_at(OUT_ARRAY_PATH, cap, min(k + 1u, cap - 1u))];
    let tested = select(next - first + 1u, outcome[OUT_FINAL_REJECTED], is_last);
    for (var j = 0u; j < tested; j++) {
      let child = first + j;
      if (!is_point_rule(params.rule)) {
        let u = to_uniform(random_u32(ctl[CTL_SEED], ctl[CTL_STEP], PURPOSE_ACCEPT, node, j, 0u));
        outcome[outcome_at(OUT_ARRAY_U, cap, child)] = bitcast<u32>(u);
      }
      outcome[outcome_at(OUT_ARRAY_VERDICT, cap, child)] = select(2u, 1u, !is_last && child == next);
    }
    if (!is_last) {
      outcome[outcome_at(OUT_ARRAY_TOKENS, cap, k)] = tree[NODE_TOKEN * cap + next];
      outcome[outcome_at(OUT_ARRAY_LOGPROBS, cap, k)] = bitcast<u32>(scalars[SCALAR_LOGP * cap + next]);
    }
  }
  let last = outcome[OUT_FINAL_NODE];
  var token = best.index;
  if (is_point_rule(params.rule)) {
    token = u32(scalars[SCALAR_NODE * cap + last]);
  }
  token = min(token, params.vocab_size - 1u);
  outcome[OUT_FINAL_TOKEN] = token;
  outcome[outcome_at(OUT_ARRAY_TOKENS, cap, accepted)] = token;
  outcome[outcome_at(OUT_ARRAY_LOGPROBS, cap, accepted)] = bitcast<u32>(target_laws[last * params.vocab_size + token]);
  commit_tokens(cap, accepted + 1u, accepted);
}

fn node_value(field: u32, node: u32, is_there: bool) -> u32 {
  return select(0u, bitcast<u32>(scalars[field * params.cap + node]), is_there);
}
