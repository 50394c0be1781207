// matvec_head: logits[t,v] = W[v,:] (gain * rmsnorm(x[t,:]))
// shapes:   x [*,D], gain [D], weight [part of V,D] in quads, scales -> logits [*,V]
// grid:     x: workgroups that share the tiles of TILE_QUADS quads of rows, in TURNS; y: tiles of TILE_ROWS rows t
// numerics: sums in f32; gain is applied to x, since weight may be the embedding table
// source:   Press and Wolf 2017, tied embeddings; Zhang and Sennrich 2019, RMSNorm
// @use weights, lanes, tile

override WORKGROUP_SIZE: u32 = 64u;
// Scale groups a row of weights, units a group. The constants TURNS, TEAMS, UNITS (of weights in a row), QUADS, SCALES,
// ROW_LENGTH and X_LENGTH come with the variant: an array of known length is read without asking for it, which is slow on
// some compilers.
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;

struct Params {
  row_count: u32,
  x_row: u32,
  logits_row: u32,
  eps: f32,
  vocab_size: u32,
  // First token and number of tokens of this part of the vocabulary.
  first_token: u32,
  token_count: u32,
}
@group(0) @binding(0) var<storage, read> x: array<Loaded, X_LENGTH>;
@group(0) @binding(1) var<storage, read> gain: array<Loaded, ROW_LENGTH>;
@group(0) @binding(2) var<storage, read> weight: array<array<Unit, UNITS>, QUADS>;
@group(0) @binding(3) var<storage, read> scales: array<Scale, SCALES>;
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  run_tiles(lane);
}

fn emit(row: u32, quad: u32, sum: vec4<f32>) {
  let at = (params.logits_row + row) * params.vocab_size + params.first_token;
  let token = 4u * quad;
  logits[at + token] = sum.x;
  // A vocabulary need not be a multiple of four.
  if (token + 1u < params.token_count) {
    logits[at + token + 1u] = sum.y;
  }
  if (token + 2u < params.token_count) {
    logits[at + token + 2u] = sum.z;
  }
  if (token + 3u < params.token_count) {
    logits[at + token + 3u] = sum.w;
  }
}
