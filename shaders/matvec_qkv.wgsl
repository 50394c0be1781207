// matvec_qkv: q, k, v = W rmsnorm(x[t,:]) + bias; q and k rotated by rows[t].position; k, v go to the cache at rows[t].slot
// shapes:   rows [T,8], x [T,D], weight [part of (H+2K)A,D] in quads, scales, rope [P,A/2,2], bias [(H+2K)A] -> q [T,H A], cache [S,2,K A] or, behind q, [2,T,K A]
// grid:     x: workgroups that share the tiles of TILE_QUADS quads of rows, in TURNS; y: tiles of TILE_ROWS rows t
// numerics: sums in f32, cache in real; the gain of the norm is folded into weight, 1 / rms is applied to the sums
// source:   Su et al. 2021, rotary embedding in the half-split form of Llama; Zhang and Sennrich 2019, RMSNorm
// @use layouts, weights, lanes, tile

override WORKGROUP_SIZE: u32 = 64u;
// Scale groups a row of weights, units a group. The constants TURNS, TEAMS, UNITS (of weights in a row), QUADS, SCALES,
// ROW_LENGTH and X_LENGTH come with the variant: an array of known length is read without asking for it, which is slow on
// some compilers.
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;
override HEAD_DIM: u32 = 4u;
override N_HEADS: u32 = 1u;
override N_KV_HEADS: u32 = 1u;
// Bound to something else where 0.
override HAS_BIAS: u32 = 0u;
// 0 for layers without rotation, and where head_norm rotates.
override IS_TURNED: u32 = 1u;
// How many of keys and values go behind all queries instead, [T,K A] each after [T,H A]: 1, keys that head_norm finishes; 2, for
// pack_cache.
override WAITING: u32 = 0u;

struct Params {
  row_count: u32,
  x_row: u32,
  eps: f32,
  // Quad of all rows of W with which this part of them begins.
  first_quad: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> x: array<Loaded, X_LENGTH>;
@group(0) @binding(2) var<storage, read> weight: array<array<Unit, UNITS>, QUADS>;
@group(0) @binding(3) var<storage, read> scales: array<Scale, SCALES>;
@group(0) @binding(4) var<storage, read> rope: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> q: array<f32>;
@group(0) @binding(7) var<storage, read_write> cache: array<real>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  run_tiles(lane);
}

fn emit(row: u32, quad_of_part: u32, product: vec4<f32>) {
  let quad = params.first_quad + quad_of_part;
  var sum = product;
  if (HAS_BIAS == 1u) {
    sum += bias[quad];
  }
  let head = 4u * quad / HEAD_DIM;
  let i = 4u * quad % HEAD_DIM;
  if (head < N_HEADS + N_KV_HEADS) {
    // Rows 2j and 2j+1 of a head's weights are its dimensions j and j + A/2: (x0, y0, x1, y1) of two neighbouring pairs.
    let first = sum.xz;
    let second = sum.yw;
    sum = vec4<f32>(first, second);
    if (IS_TURNED == 1u) {
      let turn = rope[(rows[row * ROW_WORDS + ROW_POSITION] * HEAD_DIM + i) / 4u];
      sum = vec4<f32>(first * turn.xz - second * turn.yw, second * turn.xz + first * turn.yw);
    }
  }
  let is_key_or_query = head < N_HEADS + N_KV_HEADS;
  if (head < N_HEADS + WAITING * N_KV_HEADS) {
    var place = row * N_HEADS + head;
    if (head >= N_HEADS) {
      let kind = (head - N_HEADS) / N_KV_HEADS;
      place = params.row_count * (N_HEADS + kind * N_KV_HEADS) + row * N_KV_HEADS + (head - N_HEADS) % N_KV_HEADS;
    }
    let at = place * HEAD_DIM + select(i, i / 2u, is_key_or_query);
    let next = select(2u, HEAD_DIM / 2u, is_key_or_query);
    q[at] = sum.x;
    q[at + 1u] = sum.y;
    q[at + next] = sum.z;
    q[at + next + 1u] = sum.w;
    return;
  }
  let slot = rows[row * ROW_WORDS + ROW_SLOT];
  if (slot == NONE) {
    return;
  }
  if (is_key_or_query) {
    let at = (2u * slot * N_KV_HEADS + head - N_HEADS) * HEAD_DIM + i / 2u;
    cache[at] = real(sum.x);
    cache[at + 1u] = real(sum.y);
    cache[at + HEAD_DIM / 2u] = real(sum.z);
    cache[at + HEAD_DIM / 2u + 1u] = real(sum.w);
  } else {
    // Values follow the keys: head - N_HEADS counts on through both.
    let at = (2u * slot * N_KV_HEADS + head - N_HEADS) * HEAD_DIM + i;
    cache[at] = real(sum.x);
    cache[at + 1u] = real(sum.y);
    cache[at + 2u] = real(sum.z);
    cache[at + 3u] = real(sum.w);
  }
}
