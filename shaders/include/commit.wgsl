// Appends the tokens of a round to the text. Uses the bindings ctl, seq and outcome, all read_write, and `layouts`.
// One invocation calls these.

fn outcome_at(array: u32, cap: u32, i: u32) -> u32 {
  return OUT_HEAD + array * cap + i;
}

// Commits the first `count` entries of the outcome's TOKENS as far as the text may go: to the first end token, the
// token limit, the context's end.
fn commit_tokens(cap: u32, count: u32, accepted: u32) {
  let before = ctl[CTL_N];
  var n = before;
  var stop = stop_at(NONE, n);
  for (var k = 0u; k < count && stop == 0u; k++) {
    let token = outcome[outcome_at(OUT_ARRAY_TOKENS, cap, k)];
    seq[n] = token;
    n++;
    stop = stop_at(token, n);
  }
  outcome[OUT_ACTIVE] = 1u;
  outcome[OUT_STEP] = ctl[CTL_STEP];
  outcome[OUT_N] = before;
  outcome[OUT_EMITTED] = n - before;
  outcome[OUT_ACCEPTED] = accepted;
  outcome[OUT_STOP] = stop;
  ctl[CTL_N] = n;
  ctl[CTL_STEP] += 1u;
  ctl[CTL_DONE] = stop;
  ctl[CTL_ACCEPTED] = accepted;
  ctl[CTL_BASE] = before - 1u;
}

// Commits a token that was drawn without a tree; only says so once the text has ended.
fn commit_drawn(token: u32, logprob: f32, is_greedy: bool) {
  if (ctl[CTL_DONE] != 0u) {
    outcome[OUT_ACTIVE] = 0u;
    return;
  }
  outcome[OUT_EXTRA] = select(3u, 2u, is_greedy);
  outcome[OUT_FINAL_NODE] = 0u;
  outcome[OUT_FINAL_REJECTED] = 0u;
  outcome[OUT_FINAL_TOKEN] = token;
  outcome[outcome_at(OUT_ARRAY_PATH, 1u, 0u)] = 0u;
  outcome[outcome_at(OUT_ARRAY_TOKENS, 1u, 0u)] = token;
  outcome[outcome_at(OUT_ARRAY_LOGPROBS, 1u, 0u)] = bitcast<u32>(logprob);
  commit_tokens(1u, 1u, 0u);
}

// Why a text of n tokens that ends in `token` is over; 0 if it is not.
fn stop_at(token: u32, n: u32) -> u32 {
  if (token != NONE) {
    for (var i = 0u; i < 4u; i++) {
      if (ctl[CTL_END + i] == token) {
        return 1u;
      }
    }
  }
  if (n >= ctl[CTL_LIMIT]) {
    return 2u;
  }
  return select(0u, 3u, n >= ctl[CTL_CONTEXT]);
}
