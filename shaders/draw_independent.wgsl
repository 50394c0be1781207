// draw_independent: b draws from the law after each frontier node, with replacement: argmax of log q + gumbel, noise of its own each
// shapes:           laws [*,V] (row = node), ctl [16] -> tree [10,cap], candidates [T,b,4]: token, perturbed, log q, log q
// grid:             one workgroup per draw: x is the frontier node, y the draw; lanes stride over the vocabulary
// numerics:         f32; ties go to the smaller token
// source:           Miao et al. 2024, SpecInfer, section 4; Sun et al. 2023, SpecTr, section 3; speculative.md 5.2, 6.2
// @use layouts, rng, reduce, append

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  first_node: u32,
  wanted: u32,
  vocab_size: u32,
  // Children of row i become nodes next + i b ..
  next: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read> ctl: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(0) @binding(3) var<storage, read_write> candidates: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let cap = params.cap;
  let node = params.first_node + group.x;
  let draw = group.y;
  let at = node * params.vocab_size;
  let is_absent = node > 0u && tree[NODE_PARENT * cap + node] == NONE;
  var best = Best(2.0 * MASKED, NONE);
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    let logq = laws[at + x];
    if (!is_absent && logq > 0.5 * MASKED) {
      let noise = to_gumbel(random_u32(ctl[CTL_SEED], ctl[CTL_STEP], PURPOSE_DRAFT, node, draw, x));
      best = better(best, Best(logq + noise, x));
    }
  }
  best = reduce_argmax(lane, best);
  if (lane.id != 0u) {
    return;
  }
  let is_there = best.index != NONE;
  let logq = laws[at + select(0u, best.index, is_there)];
  let to = group.x * params.wanted + draw;
  candidates[4u * to] = best.index;
  candidates[4u * to + 1u] = bitcast<u32>(bitcast<f32>(tree[NODE_PHI * cap + node]) + best.value);
  candidates[4u * to + 2u] = bitcast<u32>(logq);
  candidates[4u * to + 3u] = bitcast<u32>(logq);
  let first = params.next + group.x * params.wanted;
  append(node, first, draw, 4u * to);
  if (draw == 0u) {
    adopt(node, first, select(0u, params.wanted, is_there));
  }
}
