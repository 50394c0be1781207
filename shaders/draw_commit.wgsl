// draw_commit: x[n] = argmax_v z[v] + gumbel(v) of what matvec_draw left of logits z, or argmax z at temperature 0, appended to the text; and the law's k best
// shapes:      pieces [G, 8 + 2 TOP], ctl [16], seq [>= n + 1] -> outcome [25], found: tokens u32 [k], logprobs f32 [k], then largest z, log-sum-exp, entropy, argmax
// grid:        one workgroup; lanes stride over the pieces
// numerics:    f32; ties go to the smaller token; at temperature 0 the law is one-hot and the last four numbers are of the plain softmax
// source:      Maddison et al. 2014 (Gumbel-max); Milakov and Gimelshein 2018; speculative.md 3.3
// @use layouts, reduce, ranked, commit

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  piece_count: u32,
  k: u32,
  is_greedy: u32,
  vocab_size: u32,
}
@group(0) @binding(0) var<storage, read> pieces: array<u32>;
@group(0) @binding(1) var<storage, read_write> ctl: array<u32>;
@group(0) @binding(2) var<storage, read_write> seq: array<u32>;
@group(0) @binding(3) var<storage, read_write> outcome: array<u32>;
@group(0) @binding(4) var<storage, read_write> found: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const PIECE_HEAD = 8u;
var<workgroup> drawn_plain: f32;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  var seen = vec4<f32>(2.0 * MASKED, 0.0, 0.0, 0.0);
  var noisy = Best(2.0 * MASKED, NONE);
  var plain = 0.0;
  ranked_clear();
  for (var g = lane.id; g < params.piece_count; g += WORKGROUP_SIZE) {
    let at = g * (PIECE_HEAD + 2u * TOP);
    let piece = bitcast<vec3<f32>>(vec3<u32>(pieces[at], pieces[at + 1u], pieces[at + 2u]));
    seen = join_parts(seen, vec4<f32>(piece, 0.0));
    let other = Best(bitcast<f32>(pieces[at + 3u]), pieces[at + 4u]);
    if (is_ahead(other.value, other.index, noisy.value, noisy.index)) {
      noisy = other;
      plain = bitcast<f32>(pieces[at + 5u]);
    }
    for (var i = 0u; i < TOP; i++) {
      ranked_insert(bitcast<f32>(pieces[at + PIECE_HEAD + i]), pieces[at + PIECE_HEAD + TOP + i]);
    }
  }
  let largest = reduce_max(lane, seen.x);
  seen = join_parts(vec4<f32>(largest, 0.0, 0.0, 0.0), seen);
  let sums = reduce_sum4(lane, vec4<f32>(seen.y, seen.z, 0.0, 0.0));
  let log_sum = log(max(sums.x, 1.0e-30));
  let drawn = reduce_argmax(lane, noisy);
  if (drawn.index == noisy.index) {
    drawn_plain = plain;
  }
  workgroupBarrier();
  var first = NONE;
  for (var i = 0u; i < max(params.k, 1u); i++) {
    var mine = Best(2.0 * MASKED, NONE);
    if (ranked_head < TOP) {
      mine = Best(ranked_values[min(ranked_head, TOP - 1u)], ranked_indices[min(ranked_head, TOP - 1u)]);
    }
    let best = reduce_argmax(lane, mine);
    if (best.index == mine.index && best.index != NONE) {
      ranked_head++;
    }
    if (i == 0u) {
      first = best.index;
    }
    if (lane.id == 0u && i < params.k) {
      // The law of temperature 0 has one token.
      let is_left_out = best.index == NONE || (params.is_greedy != 0u && i > 0u);
      let logprob = select(min(best.value - largest - log_sum, 0.0), 0.0, params.is_greedy != 0u);
      found[i] = select(best.index, NONE, is_left_out);
      found[params.k + i] = bitcast<u32>(select(logprob, MASKED, is_left_out));
    }
  }
  if (lane.id != 0u) {
    return;
  }
  let is_any = first != NONE;
  let entropy = log_sum - sums.y / max(sums.x, 1.0e-30);
  found[2u * params.k] = bitcast<u32>(select(MASKED, largest, is_any));
  found[2u * params.k + 1u] = bitcast<u32>(select(MASKED, largest + log_sum, is_any));
  found[2u * params.k + 2u] = bitcast<u32>(select(0.0, entropy, is_any));
  found[2u * params.k + 3u] = first;
  if (!is_any) {
    // No logit is a number: as where a law has no token, the last one is taken and its logarithm says so.
    commit_drawn(params.vocab_size - 1u, MASKED, params.is_greedy != 0u);
  } else if (params.is_greedy != 0u) {
    commit_drawn(min(first, params.vocab_size - 1u), 0.0, true);
  } else {
    commit_drawn(min(drawn.index, params.vocab_size - 1u), min(drawn_plain - largest - log_sum, 0.0), false);
  }
}
