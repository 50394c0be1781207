// attention_rows: out[t,h,:] = sum_s softmax_s(scale q[t,h,:] . k[s,g,:]) v[s,g,:] over the slots s that row t sees, g = h K / H
// shapes:    rows [T,8], visible, q [T,H,A], cache [slots, words of a slot] -> out [T,H,A]
// grid:      one invocation per HEAD_QUERIES heads and row, neighbours having neighbouring rows, so that they read the same keys
// numerics:  online softmax in f32 for every storage type, keys in order; a row that sees nothing gives 0
// source:    Milakov and Gimelshein 2018 (online softmax); Ainslie et al. 2023 (grouped queries)
// @use layouts, visibility, head

override WORKGROUP_SIZE: u32 = 32u;

// CACHE_LENGTH, the length of the cache, comes with the variant: asking for it at each read is slow on some compilers.
struct Params {
  rows_count: u32,
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

var<private> out_at: u32;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  let head = id.y * HEAD_QUERIES;
  if (row >= params.rows_count) {
    return;
  }
  let kv_head = head * params.n_kv_heads / params.n_heads;
  out_at = (row * params.n_heads + head) * HEAD_VECS;
  attend(view_of(row), 0u, 1u, out_at, kv_head * HEAD_VECS, params.n_kv_heads * HEAD_VECS);
}

fn factor(query: u32, largest: f32, total: f32) -> f32 {
  return select(0.0, 1.0 / total, total > 0.0);
}

fn emit(query: u32, i: u32, value: vec4<f32>) {
  out[out_at + query * HEAD_VECS + i] = value;
}
