// matvec_draw: of logits z = W (gain * rmsnorm(x)) / temperature of one row, by workgroup: m = max z, sum exp(z - m), sum exp(z - m) (z - m), argmax z + noise, best z
// shapes:   x [*,D], gain [D], weight [part of V,D] in quads, scales, ctl [16] -> pieces [G, 8 + 2 TOP]
// grid:     x: workgroups that share the tiles of TILE_QUADS quads of rows, in TURNS; each leaves one piece
// numerics: sums in f32, logits are those of matvec_head to the bit; softmax sums are kept under a running maximum; ties go to the smaller token
// source:   Milakov and Gimelshein 2018 (online softmax); Maddison et al. 2014 (Gumbel-max); Shannon 1948 (entropy)
// @use layouts, rng, ranked, weights, lanes, tile

override WORKGROUP_SIZE: u32 = 64u;
// As in matvec_head.
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;

struct Params {
  row_count: u32,
  x_row: u32,
  eps: f32,
  // First token and number of tokens of this part of the vocabulary, and where its pieces go.
  first_token: u32,
  token_count: u32,
  first_piece: u32,
  temperature: f32,
}
@group(0) @binding(0) var<storage, read> x: array<Loaded, X_LENGTH>;
@group(0) @binding(1) var<storage, read> gain: array<Loaded, ROW_LENGTH>;
@group(0) @binding(2) var<storage, read> weight: array<array<Unit, UNITS>, QUADS>;
@group(0) @binding(3) var<storage, read> scales: array<Scale, SCALES>;
@group(0) @binding(4) var<storage, read> ctl: array<u32>;
@group(0) @binding(5) var<storage, read_write> pieces: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const PIECE_HEAD = 8u;
// What a lane has seen of the softmax, and the token of the largest value with noise, with that value and without noise.
var<private> seen: vec4<f32>;
var<private> noisy_value: f32;
var<private> noisy_token: u32;
var<private> noisy_plain: f32;
var<workgroup> lane_seen: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> lane_values: array<f32, WORKGROUP_SIZE>;
var<workgroup> lane_tokens: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  seen = vec4<f32>(2.0 * MASKED, 0.0, 0.0, 0.0);
  noisy_value = 2.0 * MASKED;
  noisy_token = NONE;
  ranked_clear();
  run_tiles(lane);

  let to = (params.first_piece + lane.group.x) * (PIECE_HEAD + 2u * TOP);
  lane_seen[lane.index] = seen;
  let drawn = first_lane(lane.index, noisy_value, noisy_token);
  if (lane.index == drawn) {
    pieces[to + 3u] = bitcast<u32>(noisy_value);
    pieces[to + 4u] = noisy_token;
    pieces[to + 5u] = bitcast<u32>(noisy_plain);
  }
  if (lane.index == 0u) {
    var all = lane_seen[0];
    for (var i = 1u; i < WORKGROUP_SIZE; i++) {
      all = join_parts(all, lane_seen[i]);
    }
    pieces[to] = bitcast<u32>(all.x);
    pieces[to + 1u] = bitcast<u32>(all.y);
    pieces[to + 2u] = bitcast<u32>(all.z);
  }
  for (var i = 0u; i < TOP; i++) {
    var value = 2.0 * MASKED;
    var token = NONE;
    if (ranked_head < TOP) {
      value = ranked_values[min(ranked_head, TOP - 1u)];
      token = ranked_indices[min(ranked_head, TOP - 1u)];
    }
    if (lane.index == first_lane(lane.index, value, token)) {
      pieces[to + PIECE_HEAD + i] = bitcast<u32>(value);
      pieces[to + PIECE_HEAD + TOP + i] = token;
      ranked_head++;
    }
  }
}

// The lane whose pair is ahead of all others'. All lanes call it together.
fn first_lane(lane: u32, value: f32, token: u32) -> u32 {
  lane_values[lane] = value;
  lane_tokens[lane] = token;
  workgroupBarrier();
  var first = 0u;
  for (var i = 1u; i < WORKGROUP_SIZE; i++) {
    if (is_ahead(lane_values[i], lane_tokens[i], lane_values[first], lane_tokens[first])) {
      first = i;
    }
  }
  workgroupBarrier();
  return first;
}

fn emit(row: u32, quad: u32, sum: vec4<f32>) {
  let token = 4u * quad + vec4<u32>(0u, 1u, 2u, 3u);
  // A vocabulary need not be a multiple of four.
  let is_token = (token < vec4<u32>(params.token_count)) & (sum > vec4<f32>(0.5 * MASKED));
  var scale = 1.0;
  if (params.temperature > 0.0) {
    scale = 1.0 / params.temperature;
  }
  let z = select(vec4<f32>(2.0 * MASKED), sum * scale, is_token);
  let top = max(max(max(z.x, z.y), max(z.z, z.w)), seen.x);
  let e = select(vec4<f32>(0.0), exp(z - top), is_token);
  let four = vec4<f32>(top, e.x + e.y + e.z + e.w, dot(e, max(z - top, vec4<f32>(MASKED))), 0.0);
  seen = join_parts(seen, four);
  for (var i = 0u; i < 4u; i++) {
    if (!is_token[i]) {
      continue;
    }
    let index = params.first_token + token[i];
    ranked_insert(z[i], index);
    if (params.temperature > 0.0) {
      let value = z[i] + to_gumbel(random_u32(ctl[CTL_SEED], ctl[CTL_STEP], PURPOSE_SAMPLE, 0u, 0u, index));
      if (is_ahead(value, index, noisy_value, noisy_token)) {
        noisy_value = value;
        noisy_token = index;
        noisy_plain = z[i];
      }
    }
  }
}
