// head_norm: every head of the raw q and k: turned by rows[t].position after gain * rmsnorm over its A entries
// shapes:   rows [T,8], rope [P,A/2,2] (cos, sin), gain [2,A] for q and k -> q [T,H A] in place, before raw k [T,K A], finished in place or in cache [S,2,K A]
// grid:     x: heads of q, then of k; y: rows; lanes stride over pairs of entries
// numerics: sums in f32, cache in real
// source:   Henry et al. 2020, Query-Key Normalization for Transformers, with gains as in Qwen3; Su et al. 2021
// @use layouts, reduce

override WORKGROUP_SIZE: u32 = 32u;
override SUBGROUP_MIN: u32 = 0u;
override HEAD_DIM: u32 = 4u;
override N_HEADS: u32 = 1u;
override N_KV_HEADS: u32 = 1u;
// 0 for layers without rotation; rope is bound to something else then.
override IS_TURNED: u32 = 1u;

// 1: finished keys stay behind the queries, for pack_cache.
override KEEPS_KEYS: u32 = 0u;

struct Params {
  row_count: u32,
  eps: f32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> rope: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read_write> q: array<f32>;
@group(0) @binding(4) var<storage, read_write> cache: array<real>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let row = group.y;
  let is_key = group.x >= N_HEADS;
  let key = group.x - min(group.x, N_HEADS);
  let half = HEAD_DIM / 2u;
  let at = select(row * N_HEADS + group.x, params.row_count * N_HEADS + row * N_KV_HEADS + key, is_key) * HEAD_DIM;
  var squares = 0.0;
  for (var i = lane.id; i < half; i += WORKGROUP_SIZE) {
    squares += q[at + i] * q[at + i] + q[at + half + i] * q[at + half + i];
  }
  let scale = inverseSqrt(reduce_sum(lane, squares) / f32(HEAD_DIM) + params.eps);
  let slot = rows[row * ROW_WORDS + ROW_SLOT];
  let gain_at = select(0u, HEAD_DIM, is_key);
  for (var i = lane.id; i < half; i += WORKGROUP_SIZE) {
    let a = q[at + i] * gain[gain_at + i] * scale;
    let b = q[at + half + i] * gain[gain_at + half + i] * scale;
    var turned = vec2<f32>(a, b);
    if (IS_TURNED == 1u) {
      let turn = rope[rows[row * ROW_WORDS + ROW_POSITION] * half + i];
      turned = vec2<f32>(a * turn.x - b * turn.y, b * turn.x + a * turn.y);
    }
    if (!is_key || KEEPS_KEYS == 1u) {
      q[at + i] = turned.x;
      q[at + half + i] = turned.y;
    } else if (slot != NONE) {
      let to = (2u * slot * N_KV_HEADS + key) * HEAD_DIM + i;
      cache[to] = real(turned.x);
      cache[to + half] = real(turned.y);
    }
  }
}
