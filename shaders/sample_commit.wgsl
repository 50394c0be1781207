// sample_commit: x[n] = argmax_v law[v] + gumbel(v), appended to the text; without noise if greedy
// shapes:        laws [*,V], ctl [16], seq [>= n + 1] -> outcome [25]
// grid:          one workgroup; lanes stride over the vocabulary
// numerics:      f32; ties go to the smaller token; does nothing but say so once the text has ended
// source:        Maddison et al. 2014 (Gumbel-max); speculative.md 3.3
// @use layouts, rng, reduce, commit

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  row: u32,
  vocab_size: u32,
  is_greedy: u32,
}
@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read_write> ctl: array<u32>;
@group(0) @binding(2) var<storage, read_write> seq: array<u32>;
@group(0) @binding(3) var<storage, read_write> outcome: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  let at = params.row * params.vocab_size;
  let seed = ctl[CTL_SEED];
  let step = ctl[CTL_STEP];
  var best = Best(2.0 * MASKED, NONE);
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    var value = laws[at + x];
    if (value <= 0.5 * MASKED) {
      continue;
    }
    if (params.is_greedy == 0u) {
      value += to_gumbel(random_u32(seed, step, PURPOSE_SAMPLE, 0u, 0u, x));
    }
    best = better(best, Best(value, x));
  }
  best = reduce_argmax(lane, best);
  if (lane.id != 0u) {
    return;
  }
  let token = min(best.index, params.vocab_size - 1u);
  commit_drawn(token, laws[at + token], params.is_greedy != 0u);
}
