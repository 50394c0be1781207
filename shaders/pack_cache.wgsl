// pack_cache: c = round(127 v / s), s = max |v| over the A entries v of a head; keys and values of every row to the cache at rows[t].slot
// shapes:   rows [T,8], waiting [T,H A] queries, then keys [T,K A], then values [T,K A] -> cache [S, words of a slot]
// grid:     x: heads of keys, then of values; y: rows; lanes stride over words of four entries
// numerics: a whole number is within half a step of 127 v / s, as pack4x8snorm rounds; a head of zeros has scale 0
// source:   Dettmers et al. 2022, LLM.int8(), section 2.1 (absmax quantization by vector)
// @use layouts, reduce

override WORKGROUP_SIZE: u32 = 32u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  row_count: u32,
  n_heads: u32,
  n_kv_heads: u32,
  head_vecs: u32,
  slot_words: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> waiting: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> cache: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let row = group.y;
  let is_value = group.x / params.n_kv_heads;
  let head = group.x % params.n_kv_heads;
  let before = params.row_count * (params.n_heads + is_value * params.n_kv_heads);
  let at = (before + row * params.n_kv_heads + head) * params.head_vecs;
  var largest = 0.0;
  for (var i = lane.id; i < params.head_vecs; i += WORKGROUP_SIZE) {
    let v = abs(waiting[at + i]);
    largest = max(largest, max(max(v.x, v.y), max(v.z, v.w)));
  }
  largest = reduce_max(lane, largest);
  let slot = rows[row * ROW_WORDS + ROW_SLOT];
  if (slot == NONE) {
    return;
  }
  let start = slot * params.slot_words;
  let to = start + group.x * params.head_vecs;
  let inverse = select(0.0, 1.0 / largest, largest > 0.0);
  for (var i = lane.id; i < params.head_vecs; i += WORKGROUP_SIZE) {
    cache[to + i] = pack4x8snorm(waiting[at + i] * inverse);
  }
  if (lane.id == 0u) {
    cache[start + 2u * params.n_kv_heads * params.head_vecs + group.x] = bitcast<u32>(largest);
  }
}
