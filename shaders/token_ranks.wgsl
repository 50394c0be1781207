// token_ranks: how row t of logits sees a given token: its log-probability, the best one's, and how many tokens are better
// shapes:      logits [*,V], tokens u32 [T] -> ranks [T,4]: f32 log-probability, f32 of the best, u32 rank, 0
// grid:        one workgroup per row; lanes stride over the vocabulary
// numerics:    f32, sums of exp(x - max); of equal logits the smaller token counts as better
// source:      Hu et al. 2025, FlashDLM (what a guider says of a draft)
// @use reduce, layouts

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  vocab_size: u32,
}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read_write> ranks: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let v = params.vocab_size;
  let row = group.x;
  let at = row * v;
  let token = min(tokens[row], v - 1u);
  let own = logits[at + token];
  var largest = 2.0 * MASKED;
  var better_count = 0u;
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let z = logits[at + x];
    largest = max(largest, z);
    if (z > own || (z == own && x < token)) {
      better_count++;
    }
  }
  let top = reduce_max(lane, largest);
  var sum = 0.0;
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    sum += exp(max(logits[at + x] - top, -100.0));
  }
  // Counts are exact in f32: vocabularies have fewer than 2^24 tokens.
  let sums = reduce_sum4(lane, vec4<f32>(sum, f32(better_count), 0.0, 0.0));
  if (lane.id == 0u) {
    let total = top + log(sums.x);
    ranks[4u * row] = bitcast<u32>(min(own - total, 0.0));
    ranks[4u * row + 1u] = bitcast<u32>(top - total);
    ranks[4u * row + 2u] = u32(sums.y);
    ranks[4u * row + 3u] = 0u;
  }
}
