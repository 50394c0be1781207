// shift_guesses: what the target said after each guess becomes the next guess, moved up by what was committed
// shapes:        tree [10,cap] (a chain), scalars [8,cap], outcome [16 + 10 cap] -> guesses [cap - 1]
// grid:          one invocation
// numerics:      integers kept in f32
// source:        Santilli et al. 2023, Jacobi decoding, algorithm 1; speculative.md 6.8
// @use layouts, rng, residual

struct Params {
  cap: u32,
}
@group(0) @binding(0) var<storage, read> tree: array<u32>;
@group(0) @binding(1) var<storage, read> scalars: array<f32>;
@group(0) @binding(2) var<storage, read> outcome: array<u32>;
@group(0) @binding(3) var<storage, read_write> guesses: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  if (outcome[OUT_ACTIVE] == 0u) {
    return;
  }
  let cap = params.cap;
  // The token after node `accepted` was committed; those after later nodes are guesses. The rest repeats the last one.
  var last = outcome[OUT_FINAL_TOKEN];
  for (var i = 0u; i + 1u < cap; i++) {
    let node = outcome[OUT_ACCEPTED] + 1u + i;
    if (node < cap && tree[NODE_PARENT * cap + min(node, cap - 1u)] != NONE) {
      last = u32(scalars[SCALAR_NODE * cap + node]);
    }
    guesses[i] = last;
  }
}
