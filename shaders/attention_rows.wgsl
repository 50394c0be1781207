// attention_rows: out[t,h,:] = sum_s softmax_s(scale q[t,h,:] . k[s,g,:]) v[s,g,:] over the slots s that row t sees, g = h K / H
// shapes:    rows [T,8], visible, q [T,H,A], cache [slots,2,K,A] -> out [T,H,A]
// grid:      one invocation per head and row, neighbours having neighbouring rows, so that they read the same keys
// numerics:  online softmax in f32 for every storage type, keys in order; a row that sees nothing gives 0
// source:    Milakov and Gimelshein 2018 (online softmax); Ainslie et al. 2023 (grouped queries)
// @use layouts, visibility

override WORKGROUP_SIZE: u32 = 32u;

struct Params {
  rows_count: u32,
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
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  let head = id.y;
  if (row >= params.rows_count) {
    return;
  }
  let view = view_of(row);
  let group = head * params.n_kv_heads / params.n_heads;
  let kv_vecs = params.n_kv_heads * HEAD_VECS;
  let at = (row * params.n_heads + head) * HEAD_VECS;

  var query: array<vec4<f32>, HEAD_VECS>;
  var sum: array<vec4<f32>, HEAD_VECS>;
  for (var i = 0u; i < HEAD_VECS; i++) {
    query[i] = params.scale * q[at + i];
  }
  var largest = 2.0 * MASKED;
  var total = 0.0;
  for (var k = 0u; k < view.count; k++) {
    let slot = slot_of(view, k);
    if (slot >= params.slots) {
      continue;
    }
    let key = 2u * slot * kv_vecs + group * HEAD_VECS;
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
  let factor = select(0.0, 1.0 / total, total > 0.0);
  for (var i = 0u; i < HEAD_VECS; i++) {
    out[at + i] = factor * sum[i];
  }
}
