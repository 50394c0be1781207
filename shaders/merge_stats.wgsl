// merge_stats: statistics of row t of logits, a token drawn from it and its k best, of the pieces that matvec_stats left
// shapes:      pieces [T, G, 8 + 2 TOP] -> stats [T,12] as in src/kernels/row_stats.ts, found: tokens u32 [T,k], then logits f32 [T,k]
// grid:        one workgroup per row; lanes stride over its pieces
// numerics:    f32; ties go to the smaller token; a row with fewer tokens is filled up with token NONE, MASKED
// source:      Milakov and Gimelshein 2018 (online softmax); Maddison et al. 2014 (Gumbel-max); Shannon 1948 (entropy)
// @use layouts, reduce, ranked, stat_row

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  piece_count: u32,
  k: u32,
  // TOP again: compilers write out loops of constant length, and take seconds over these.
  list_length: u32,
}
@group(0) @binding(0) var<storage, read> pieces: array<u32>;
@group(0) @binding(1) var<storage, read_write> stats: array<u32>;
@group(0) @binding(2) var<storage, read_write> found: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const PIECE_HEAD = 8u;
var<workgroup> drawn_plain: f32;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = group.x;
  let k = params.k;
  var seen = vec4<f32>(2.0 * MASKED, 0.0, 0.0, 0.0);
  var noisy = Best(2.0 * MASKED, NONE);
  var plain = 0.0;
  ranked_clear();
  for (var g = lane.id; g < params.piece_count; g += WORKGROUP_SIZE) {
    let at = (row * params.piece_count + g) * (PIECE_HEAD + 2u * TOP);
    let piece = bitcast<vec3<f32>>(vec3<u32>(pieces[at], pieces[at + 1u], pieces[at + 2u]));
    seen = join_parts(seen, vec4<f32>(piece, 0.0));
    let other = Best(bitcast<f32>(pieces[at + 3u]), pieces[at + 4u]);
    if (is_ahead(other.value, other.index, noisy.value, noisy.index)) {
      noisy = other;
      plain = bitcast<f32>(pieces[at + 5u]);
    }
    for (var i = 0u; i < params.list_length; i++) {
      ranked_insert(bitcast<f32>(pieces[at + PIECE_HEAD + i]), pieces[at + PIECE_HEAD + TOP + i]);
    }
  }
  let largest = reduce_max(lane, seen.x);
  seen = join_parts(vec4<f32>(largest, 0.0, 0.0, 0.0), seen);
  let sums = reduce_sum4(lane, vec4<f32>(seen.y, seen.z, 0.0, 0.0));
  let drawn = reduce_argmax(lane, noisy);
  if (drawn.index == noisy.index) {
    drawn_plain = plain;
  }
  workgroupBarrier();
  var best = Best(2.0 * MASKED, NONE);
  var next = best;
  for (var i = 0u; i < max(k, 2u); i++) {
    var mine = Best(2.0 * MASKED, NONE);
    if (ranked_head < TOP) {
      mine = Best(ranked_values[min(ranked_head, TOP - 1u)], ranked_indices[min(ranked_head, TOP - 1u)]);
    }
    let place = reduce_argmax(lane, mine);
    if (place.index == mine.index && place.index != NONE) {
      ranked_head++;
    }
    if (i == 0u) {
      best = place;
    }
    if (i == 1u) {
      next = place;
    }
    if (lane.id == 0u && i < k) {
      found[row * k + i] = place.index;
      found[(groups.x + row) * k + i] = bitcast<u32>(max(place.value, MASKED));
    }
  }
  if (lane.id == 0u) {
    write_stats(row, best, next, sums.xy, Best(drawn_plain, drawn.index));
  }
}
