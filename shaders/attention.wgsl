// attention: out[t,h,:] = sum_s softmax_s(scale q[t,h,:] . k[s,g,:]) v[s,g,:] over the slots s that row t sees, g = h K / H
// shapes:    rows [T,8], visible, q [T,H,A], cache [slots,2,K,A] -> out [T,H,A], or partial [T,H,splits,A+4] for attention_merge
// grid:      one workgroup per head, row and split of the keys; lanes stride over the keys and merge at the end
// numerics:  online softmax in f32 for every storage type; a row that sees nothing gives 0; order does not depend on T
// source:    Milakov and Gimelshein 2018 (online softmax); Dao et al. 2023 (split keys); Ainslie et al. 2023 (grouped queries)
// @use layouts, reduce, visibility

override WORKGROUP_SIZE: u32 = 32u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  n_heads: u32,
  n_kv_heads: u32,
  scale: f32,
  slots: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> visible: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> cache: array<vec4<real>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

// HEAD_VECS = A / 4 is a constant of the variant.
@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let head = group.x;
  let row = group.y;
  let view = view_of(row);
  let kv_head = head * params.n_kv_heads / params.n_heads;
  let kv_vecs = params.n_kv_heads * HEAD_VECS;

  var query: array<vec4<f32>, HEAD_VECS>;
  var sum: array<vec4<f32>, HEAD_VECS>;
  for (var i = 0u; i < HEAD_VECS; i++) {
    query[i] = params.scale * q[(row * params.n_heads + head) * HEAD_VECS + i];
  }
  var largest = 2.0 * MASKED;
  var total = 0.0;
  for (var k = group.z * WORKGROUP_SIZE + lane.id; k < view.count; k += groups.z * WORKGROUP_SIZE) {
    let slot = slot_of(view, k);
    if (slot >= params.slots) {
      continue;
    }
    let key = 2u * slot * kv_vecs + kv_head * HEAD_VECS;
    let value = key + kv_vecs;
    var products = vec4<f32>(0.0);
    for (var i = 0u; i < HEAD_VECS; i++) {
      products += query[i] * vec4<f32>(cache[key + i]);
    }
    let logit = products.x + products.y + products.z + products.w;
    if (logit > largest) {
      let shrink = exp(largest - logit);
      largest = logit;
      total *= shrink;
      for (var i = 0u; i < HEAD_VECS; i++) {
        sum[i] *= shrink;
      }
    }
    let weight = exp(logit - largest);
    total += weight;
    for (var i = 0u; i < HEAD_VECS; i++) {
      sum[i] += weight * vec4<f32>(cache[value + i]);
    }
  }

  let top = reduce_max(lane, largest);
  let share = exp(largest - top);
  total = reduce_sum(lane, total * share);
  let splits = groups.z;
  // Partial results stay unnormalised, with their maximum and total behind them.
  let factor = share * select(1.0, select(0.0, 1.0 / total, total > 0.0), splits == 1u);
  let room = HEAD_VECS + select(1u, 0u, splits == 1u);
  let to = ((row * params.n_heads + head) * splits + group.z) * room;
  for (var i = 0u; i < HEAD_VECS; i++) {
    let merged = reduce_sum4(lane, sum[i] * factor);
    if (lane.id == i % WORKGROUP_SIZE) {
      out[to + i] = merged;
    }
  }
  if (splits > 1u && lane.id == 0u) {
    out[to + HEAD_VECS] = vec4<f32>(top, total, 0.0, 0.0);
  }
}
