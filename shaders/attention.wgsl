// attention: out[t,h,:] = sum_s softmax_s(scale q[t,h,:] . k[s,g,:]) v[s,g,:] over the slots s that row t sees, g = h K / H
// shapes:    rows [T,8], visible, q [T,H,A], cache [slots, words of a slot] -> out [T,H,A], or partial [T,H,splits,A+4] for attention_merge
// grid:      one workgroup per HEAD_QUERIES heads, row and split of the keys; lanes stride over the keys and merge at the end
// numerics:  online softmax in f32 for every storage type; a row that sees nothing gives 0; order does not depend on T
// source:    Milakov and Gimelshein 2018 (online softmax); Dao et al. 2023 (split keys); Ainslie et al. 2023 (grouped queries)
// @use layouts, reduce, visibility, head

override WORKGROUP_SIZE: u32 = 32u;
override SUBGROUP_MIN: u32 = 0u;

// CACHE_LENGTH, the length of the cache, comes with the variant: asking for it at each read is slow on some compilers.
struct Params {
  n_heads: u32,
  n_kv_heads: u32,
  scale: f32,
  slots: u32,
  // Positions that a row sees up to its own, where visibility goes by windows of positions.
  window: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> visible: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> cache: array<Cached, CACHE_LENGTH>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

var<private> own_lane: Lane;
var<private> splits: u32;
// Where the first query's result goes, in vectors; partial results have one vector more.
var<private> out_at: u32;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let head = group.x * HEAD_QUERIES;
  let row = group.y;
  let kv_head = head * params.n_kv_heads / params.n_heads;
  own_lane = lane;
  splits = groups.z;
  out_at = ((row * params.n_heads + head) * splits + group.z) * result_vecs();
  attend(
    view_of(row),
    group.z * WORKGROUP_SIZE + lane.id,
    splits * WORKGROUP_SIZE,
    (row * params.n_heads + head) * HEAD_VECS,
    kv_head * HEAD_VECS,
    params.n_kv_heads * HEAD_VECS,
  );
}

fn result_vecs() -> u32 {
  return HEAD_VECS + select(1u, 0u, splits == 1u);
}

// Partial results stay unnormalised, with their maximum and total behind them.
fn factor(query: u32, largest: f32, total: f32) -> f32 {
  let top = reduce_max(own_lane, largest);
  let share = exp(largest - top);
  let all = reduce_sum(own_lane, total * share);
  if (splits == 1u) {
    return share * select(0.0, 1.0 / all, all > 0.0);
  }
  if (own_lane.id == 0u) {
    out[out_at + query * splits * result_vecs() + HEAD_VECS] = vec4<f32>(top, all, 0.0, 0.0);
  }
  return share;
}

fn emit(query: u32, i: u32, value: vec4<f32>) {
  let merged = reduce_sum4(own_lane, value);
  if (own_lane.id == i % WORKGROUP_SIZE) {
    out[out_at + query * splits * result_vecs() + i] = merged;
  }
}
