// top_tokens: the k most probable tokens of each row, most probable first
// shapes:     laws [*,V] -> found: tokens u32 [T,k], then logprobs f32 [T,k]
// grid:       one workgroup per row; lanes stride over the vocabulary
// numerics:   f32; ties go to the smaller token; a row with fewer tokens is filled up with token NONE, MASKED
// source:     per-lane insertion lists, merged
// @use reduce, layouts, top_list

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  first_row: u32,
  vocab_size: u32,
  k: u32,
}
@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read_write> found: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let v = params.vocab_size;
  let k = params.k;
  let row = group.x;
  let at = (params.first_row + row) * v;
  top_clear();
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let value = laws[at + x];
    if (value > 0.5 * MASKED) {
      top_insert(value, x);
    }
  }
  for (var i = 0u; i < k; i++) {
    let best = top_take(lane);
    if (lane.id == 0u) {
      found[row * k + i] = best.index;
      found[(groups.x + row) * k + i] = bitcast<u32>(max(best.value, MASKED));
    }
  }
}
