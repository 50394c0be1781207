// compact_slots: slot base + k of every layer gets the contents of slot base + path[k], k = 1 .. accepted
// shapes:        ctl [16], outcome [16 + 10 cap] -> cache [layers, slots, row_vecs] of 4-word vectors
// grid:          one invocation per layer and column of a slot; k in order: a later destination may be an earlier source
// numerics:      bits are copied, whatever they stand for
// source:        speculative.md 2.3
// @use layouts

struct Params {
  layers: u32,
  slots: u32,
  layer_stride: u32,
  row_vecs: u32,
  cap: u32,
  // Which array of the outcome has the path.
  path_array: u32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> outcome: array<u32>;
@group(0) @binding(2) var<storage, read_write> cache: array<vec4<u32>>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  let layer = id.y;
  if (column >= params.row_vecs || layer >= params.layers || outcome[OUT_ACTIVE] == 0u) {
    return;
  }
  let path = OUT_HEAD + params.path_array * params.cap;
  let base = ctl[CTL_BASE];
  let at = layer * params.layer_stride + column;
  for (var k = 1u; k <= min(outcome[OUT_ACCEPTED], params.cap - 1u); k++) {
    let node = outcome[path + k];
    // A node without a slot is the path's last.
    if (node != k && node != NONE && base + node < params.slots) {
      cache[at + (base + k) * params.row_vecs] = cache[at + (base + node) * params.row_vecs];
    }
  }
}
