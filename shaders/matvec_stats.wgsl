// matvec_stats: of logits z[t,:] = W (gain * rmsnorm(x[t,:])), by row and workgroup: m = max z, sum exp(z - m), sum exp(z - m) (z - m), argmax z + temperature * noise, best z
// shapes:   x [*,D], gain [D], weight [part of V,D] in quads, scales, draws u32 [8 + T] -> pieces [T, G, 8 + 2 TOP]
// grid:     x: workgroups that share the tiles of TILE_QUADS quads of rows, in TURNS; y: tiles of TILE_ROWS rows t; each leaves one piece a row
// numerics: sums in f32, logits are those of matvec_head to the bit; softmax sums are kept under a running maximum; ties go to the smaller token; banned tokens are no tokens
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
  // First token and number of tokens of this part of the vocabulary; where its pieces of a row go, and pieces of a row in all.
  first_token: u32,
  token_count: u32,
  first_piece: u32,
  piece_count: u32,
  // TOP again: compilers write out loops of constant length, and take seconds over these.
  list_length: u32,
}
@group(0) @binding(0) var<storage, read> x: array<Loaded, X_LENGTH>;
@group(0) @binding(1) var<storage, read> gain: array<Loaded, ROW_LENGTH>;
@group(0) @binding(2) var<storage, read> weight: array<array<Unit, UNITS>, QUADS>;
@group(0) @binding(3) var<storage, read> scales: array<Scale, SCALES>;
@group(0) @binding(4) var<storage, read> draws: array<u32>;
@group(0) @binding(5) var<storage, read_write> pieces: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const PIECE_HEAD = 8u;
// Words of draws before the positions of the rows.
const POSITIONS = 8u;
// Lanes whose lists are put together at a time: those of all would not fit into workgroup memory.
const LISTED = 32u;

// What a lane has seen of each row of its tiles: the softmax; the token of the largest value with noise, with that value
// and without noise; and the best tokens, best first.
var<private> seen: array<vec4<f32>, TILE_ROWS>;
var<private> noisy_value: array<f32, TILE_ROWS>;
var<private> noisy_token: array<u32, TILE_ROWS>;
var<private> noisy_plain: array<f32, TILE_ROWS>;
var<private> best_values: array<f32, TILE_ROWS * TOP>;
var<private> best_tokens: array<u32, TILE_ROWS * TOP>;

var<workgroup> lane_seen: array<vec4<f32>, LISTED>;
var<workgroup> lane_noisy: array<vec2<f32>, LISTED>;
var<workgroup> lane_drawn: array<u32, LISTED>;
var<workgroup> lane_values: array<f32, LISTED * TOP>;
var<workgroup> lane_tokens: array<u32, LISTED * TOP>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  for (var t = 0u; t < min(TILE_ROWS, params.row_count); t++) {
    seen[t] = vec4<f32>(2.0 * MASKED, 0.0, 0.0, 0.0);
    noisy_value[t] = 2.0 * MASKED;
    noisy_token[t] = NONE;
    noisy_plain[t] = 0.0;
  }
  for (var i = 0u; i < TILE_ROWS * TOP; i++) {
    best_values[i] = 2.0 * MASKED;
    best_tokens[i] = NONE;
  }
  run_tiles(lane);

  for (var t = 0u; t < min(TILE_ROWS, params.row_count); t++) {
    let row = lane.group.y * TILE_ROWS + t;
    // One lane puts a row together; each row has another.
    let joins = lane.index == t % WORKGROUP_SIZE;
    var all = vec4<f32>(2.0 * MASKED, 0.0, 0.0, 0.0);
    var noisy = vec2<f32>(2.0 * MASKED, 0.0);
    var drawn = NONE;
    ranked_clear();
    for (var first = 0u; first < WORKGROUP_SIZE; first += LISTED) {
      if (lane.index >= first && lane.index < first + LISTED) {
        let at = lane.index - first;
        lane_seen[at] = seen[t];
        lane_noisy[at] = vec2<f32>(noisy_value[t], noisy_plain[t]);
        lane_drawn[at] = noisy_token[t];
        for (var i = 0u; i < params.list_length; i++) {
          lane_values[at * TOP + i] = best_values[t * TOP + i];
          lane_tokens[at * TOP + i] = best_tokens[t * TOP + i];
        }
      }
      workgroupBarrier();
      if (joins) {
        for (var at = 0u; at < min(LISTED, WORKGROUP_SIZE - first); at++) {
          // Many lanes have seen nothing: four of those that share a tile hand its sums out.
          if (lane_tokens[at * TOP] == NONE) {
            continue;
          }
          all = join_parts(all, lane_seen[at]);
          if (is_ahead(lane_noisy[at].x, lane_drawn[at], noisy.x, drawn)) {
            noisy = lane_noisy[at];
            drawn = lane_drawn[at];
          }
          for (var i = 0u; i < params.list_length; i++) {
            ranked_insert(lane_values[at * TOP + i], lane_tokens[at * TOP + i]);
          }
        }
      }
      workgroupBarrier();
    }
    // Tiles may hang over the last row; all lanes go through every row, since barriers want it so.
    if (joins && row < params.row_count) {
      let to = (row * params.piece_count + params.first_piece + lane.group.x) * (PIECE_HEAD + 2u * TOP);
      pieces[to] = bitcast<u32>(all.x);
      pieces[to + 1u] = bitcast<u32>(all.y);
      pieces[to + 2u] = bitcast<u32>(all.z);
      pieces[to + 3u] = bitcast<u32>(noisy.x);
      pieces[to + 4u] = drawn;
      pieces[to + 5u] = bitcast<u32>(noisy.y);
      for (var i = 0u; i < params.list_length; i++) {
        pieces[to + PIECE_HEAD + i] = bitcast<u32>(ranked_values[i]);
        pieces[to + PIECE_HEAD + TOP + i] = ranked_indices[i];
      }
    }
  }
}

fn emit(row: u32, quad: u32, sum: vec4<f32>) {
  let own = row % TILE_ROWS;
  let token = 4u * quad + vec4<u32>(0u, 1u, 2u, 3u);
  let index = params.first_token + token;
  // A vocabulary need not be a multiple of four.
  var is_token = (token < vec4<u32>(params.token_count)) & (sum > vec4<f32>(0.5 * MASKED));
  for (var i = 4u; i < POSITIONS; i++) {
    is_token = is_token & (index != vec4<u32>(draws[i]));
  }
  let z = select(vec4<f32>(2.0 * MASKED), sum, is_token);
  let before = seen[own];
  let top = max(max(max(z.x, z.y), max(z.z, z.w)), before.x);
  let e = select(vec4<f32>(0.0), exp(z - top), is_token);
  let four = vec4<f32>(top, e.x + e.y + e.z + e.w, dot(e, max(z - top, vec4<f32>(MASKED))), 0.0);
  seen[own] = join_parts(before, four);
  let temperature = bitcast<f32>(draws[2]);
  for (var i = 0u; i < min(4u, params.token_count - 4u * quad); i++) {
    if (!is_token[i]) {
      continue;
    }
    best_insert(own * TOP, z[i], index[i]);
    if (temperature > 0.0) {
      let h = random_u32(draws[0], draws[1], PURPOSE_PROPOSE, draws[POSITIONS + row], 0u, index[i]);
      let value = z[i] + temperature * to_gumbel(h);
      if (is_ahead(value, index[i], noisy_value[own], noisy_token[own])) {
        noisy_value[own] = value;
        noisy_token[own] = index[i];
        noisy_plain[own] = z[i];
      }
    }
  }
}

// As ranked_insert, into the list that begins at `first`.
fn best_insert(first: u32, value: f32, token: u32) {
  var i = first + TOP - 1u;
  // Most values end at the first comparison.
  if (!is_ahead(value, token, best_values[i], best_tokens[i])) {
    return;
  }
  while (i > first && is_ahead(value, token, best_values[max(i, 1u) - 1u], best_tokens[max(i, 1u) - 1u])) {
    best_values[i] = best_values[i - 1u];
    best_tokens[i] = best_tokens[i - 1u];
    i--;
  }
  best_values[i] = value;
  best_tokens[i] = token;
}
