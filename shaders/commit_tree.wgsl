// commit_tree: the winner of the final draw over several workgroups; appends path and last token to the text
// shapes:      tree [10,cap], target_laws [*,V], scalars [8,cap] -> ctl, seq, outcome [16 + 10 cap]
// grid:        one invocation
// numerics:    comparisons in f32; ties go to the smaller token
// source:      speculative.md 1 (commit)
// @use layouts, rng, residual, verdict, commit

struct Params {
  vocab_size: u32,
  rule: u32,
  cap: u32,
  partials: u32,
}
@group(0) @binding(0) var<storage, read> tree: array<u32>;
@group(0) @binding(1) var<storage, read> target_laws: array<f32>;
@group(0) @binding(2) var<storage, read> scalars: array<f32>;
@group(0) @binding(3) var<storage, read_write> ctl: array<u32>;
@group(0) @binding(4) var<storage, read_write> seq: array<u32>;
@group(0) @binding(5) var<storage, read_write> outcome: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

struct Best {
  value: f32,
  index: u32,
}

@compute @workgroup_size(1)
fn main() {
  var best = Best(2.0 * MASKED, NONE);
  for (var i = 0u; i < params.partials; i++) {
    let at = partial_at(params.cap, i);
    let other = Best(scalars[at], u32(scalars[at + 1u]));
    if (other.value > best.value || (other.value == best.value && other.index < best.index)) {
      best = other;
    }
  }
  finish(best);
}
