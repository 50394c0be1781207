// Writes the statistics of a row as src/kernels/row_stats.ts has them. Uses the binding stats, read_write, `layouts` and `reduce`.

const STATS = 12u;

// `sums` are those of exp(z) and exp(z) z over the row's tokens, z being a logit less the best; `drawn` is a token with its logit, or
// NONE where the best is drawn. A row of which no token is left, or no logit is a number, has NONE for every token and MASKED for
// every logit. One invocation calls this.
fn write_stats(row: u32, best: Best, next: Best, sums: vec2<f32>, drawn: Best) {
  let to = STATS * row;
  let is_any = best.index != NONE;
  let sum = select(1.0, sums.x, is_any);
  let log_sum = log(sum);
  let gap = select(-MASKED, min(best.value - next.value, -MASKED), next.index != NONE);
  let is_drawn = drawn.index != NONE;
  let logit = select(best.value, drawn.value, is_drawn);
  let margin = (1.0 - exp(-min(gap, 100.0))) / sum;
  stats[to] = bitcast<u32>(select(MASKED, best.value, is_any));
  stats[to + 1u] = bitcast<u32>(select(MASKED, best.value + log_sum, is_any));
  stats[to + 2u] = best.index;
  stats[to + 3u] = bitcast<u32>(select(0.0, margin, is_any));
  stats[to + 4u] = bitcast<u32>(select(0.0, log_sum - sums.y / sum, is_any));
  stats[to + 5u] = next.index;
  stats[to + 6u] = bitcast<u32>(gap);
  stats[to + 7u] = select(best.index, drawn.index, is_drawn);
  stats[to + 8u] = bitcast<u32>(select(MASKED, min(logit - best.value - log_sum, 0.0), is_any));
  stats[to + 9u] = 0u;
  stats[to + 10u] = 0u;
  stats[to + 11u] = 0u;
}
