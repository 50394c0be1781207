// draft_guesses: a chain of guessed tokens, as many as there are
// shapes:        guesses [cap - 1] (NONE for no guess) -> tree [10,cap]
// grid:          one invocation
// numerics:      integers; chosen tokens are point masses, the log of probability 1 is 0
// source:        Santilli et al. 2023, Jacobi decoding, algorithm 1; speculative.md 6.8
// @use layouts

struct Params {
  cap: u32,
}
@group(0) @binding(0) var<storage, read> guesses: array<u32>;
@group(0) @binding(1) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  let cap = params.cap;
  for (var node = 1u; node < cap && guesses[node - 1u] != NONE; node++) {
    tree[NODE_TOKEN * cap + node] = guesses[node - 1u];
    tree[NODE_PARENT * cap + node] = node - 1u;
    tree[NODE_DEPTH * cap + node] = node;
    tree[NODE_FIRST_CHILD * cap + node - 1u] = node;
    tree[NODE_CHILD_COUNT * cap + node - 1u] = 1u;
  }
}
