// law_at: out = laws[row, token], the log-probability that another law gives the token a round drew
// shapes:    laws [*,V], outcome [25] -> drawn [1]
// grid:      one invocation
// numerics:  f32, copied as it is
// source:    kernels/layouts.ts (Outcome)
// @use layouts

struct Params {
  row: u32,
  vocab_size: u32,
}
@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read> outcome: array<u32>;
@group(0) @binding(2) var<storage, read_write> drawn: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  let token = min(outcome[OUT_FINAL_TOKEN], params.vocab_size - 1u);
  drawn[0] = laws[params.row * params.vocab_size + token];
}
