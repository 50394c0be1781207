// attention_merge: out[t,h,:] = sum_j e^(m_j - m) partial[t,h,j,:] / sum_j e^(m_j - m) total_j over the splits j of the keys
// shapes:    partial [T,H,splits,A+4] -> out [T,H,A]
// grid:      one invocation per head, row and vector of 4
// numerics:  f32; a row that saw nothing gives 0
// source:    Dao et al. 2023 (split keys)
// @use layouts

struct Params {
  heads_count: u32,
  splits: u32,
}
@group(0) @binding(0) var<storage, read> partial: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

// HEAD_VECS = A / 4 is a constant of the variant.
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.heads_count * HEAD_VECS) {
    return;
  }
  let i = id.x % HEAD_VECS;
  let first = id.x / HEAD_VECS * params.splits * (HEAD_VECS + 1u);
  var largest = 2.0 * MASKED;
  for (var j = 0u; j < params.splits; j++) {
    largest = max(largest, partial[first + j * (HEAD_VECS + 1u) + HEAD_VECS].x);
  }
  var total = 0.0;
  var sum = vec4<f32>(0.0);
  for (var j = 0u; j < params.splits; j++) {
    let at = first + j * (HEAD_VECS + 1u);
    let share = exp(partial[at + HEAD_VECS].x - largest);
    total += share * partial[at + HEAD_VECS].y;
    sum += share * partial[at + i];
  }
  out[id.x] = sum * select(0.0, 1.0 / total, total > 0.0);
}
