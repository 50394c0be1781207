// process_logits: y[t,:] = log softmax of x[t,:] after allowed tokens, penalty, temperature, top-k, top-p, min-p; in place
// shapes:         ctl [16], seq [>= n], tree [10,cap], allowed [V/32] -> logits [T,V]
// grid:           one workgroup per row; lanes stride over the vocabulary
// numerics:       f32; thresholds keep ties; dropped tokens are MASKED; temperature 0 is one-hot at the smallest argmax
// source:         speculative.md 3.1; penalty as in Keskar et al. 2019, over text and path
// @use layouts, reduce

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  first_row: u32,
  vocab_size: u32,
  temperature: f32,
  top_k: u32,
  top_p: f32,
  min_p: f32,
  penalty: f32,
  has_allowed: u32,
  has_tree: u32,
  first_node: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> seq: array<u32>;
@group(0) @binding(2) var<storage, read> tree: array<u32>;
@group(0) @binding(3) var<storage, read> allowed: array<u32>;
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

// Tokens of the text in a stretch of the vocabulary, one bit each.
const STRETCH = 16384u;
var<workgroup> marks: array<atomic<u32>, STRETCH / 32u>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let v = params.vocab_size;
  let at = (params.first_row + group.x) * v;
  if (params.penalty != 1.0) {
    penalise(lane, at, params.first_node + group.x);
  }
  if (params.temperature == 0.0) {
    one_hot(lane, at);
    return;
  }
  let scale = 1.0 / params.temperature;
  let has_k = params.top_k > 0u && params.top_k < v;
  let has_p = params.top_p < 1.0;
  // Each stage sums what the threshold so far leaves, then raises it: by top-k, then by top-p and min-p, then no more.
  var stages = 1u;
  if (has_k || has_p || params.min_p > 0.0) {
    stages = 3u;
  }
  var threshold = 0.5 * MASKED;
  var all = vec2<f32>(0.0);
  for (var stage = 0u; stage < stages; stage++) {
    all = softmax_sum(lane, at, scale, threshold);
    if ((stage == 0u && has_k) || (stage == 1u && has_p)) {
      let wanted = select(f32(params.top_k), params.top_p * all.y, stage == 1u);
      threshold = max(threshold, find_threshold(lane, at, scale, threshold, all.x, wanted, stage == 1u));
    }
    if (stage == 1u && params.min_p > 0.0) {
      threshold = max(threshold, all.x + log(params.min_p));
    }
  }
  let log_sum = log(max(all.y, 1.0e-30));
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let z = value_at(at, x, scale);
    logits[at + x] = select(MASKED, min(z - all.x - log_sum, 0.0), z >= threshold);
  }
}

fn value_at(at: u32, x: u32, scale: f32) -> f32 {
  let z = logits[at + x];
  // What is no number is no token either.
  if (!(z > 0.5 * MASKED) || (params.has_allowed != 0u && ((allowed[x / 32u] >> (x % 32u)) & 1u) == 0u)) {
    return MASKED;
  }
  return z * scale;
}

fn value_inside(at: u32, x: u32, scale: f32) -> f32 {
  return select(2.0 * MASKED, value_at(at, min(x, params.vocab_size - 1u), scale), x < params.vocab_size);
}

// Largest value, and the sum of exp(value - largest) over values of at least `threshold`.
fn softmax_sum(lane: Lane, at: u32, scale: f32, threshold: f32) -> vec2<f32> {
  let v = params.vocab_size;
  var largest = 2.0 * MASKED;
  var sum = 0.0;
  // Four values to one rescaling.
  for (var x = lane.id; x < v; x += 4u * WORKGROUP_SIZE) {
    let z = vec4<f32>(
      value_inside(at, x, scale),
      value_inside(at, x + WORKGROUP_SIZE, scale),
      value_inside(at, x + 2u * WORKGROUP_SIZE, scale),
      value_inside(at, x + 3u * WORKGROUP_SIZE, scale),
    );
    let top = max(largest, max(max(z.x, z.y), max(z.z, z.w)));
    let e = select(vec4<f32>(0.0), exp(z - top), z >= vec4<f32>(max(threshold, 0.5 * MASKED)));
    sum = sum * exp(largest - top) + e.x + e.y + e.z + e.w;
    largest = top;
  }
  let top = reduce_max(lane, largest);
  return vec2<f32>(top, reduce_sum(lane, sum * exp(largest - top)));
}

// The largest value t for which values >= t (and >= floor) weigh at least `wanted`: their number, or their sum of
// exp(value - high). Bisection that snaps to values present; a found threshold only ends the scans, since all lanes
// have to meet in the reductions.
fn find_threshold(lane: Lane, at: u32, scale: f32, floor: f32, high: f32, wanted: f32, by_mass: bool) -> f32 {
  var lo = high;
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    let z = value_at(at, x, scale);
    lo = min(lo, select(high, z, z >= floor));
  }
  lo = -reduce_max(lane, -lo);
  var hi = high;
  for (var i = 0u; i < 48u; i++) {
    var mid = lo + 0.5 * (hi - lo);
    mid = select(mid, hi, mid <= lo);
    var weight = 0.0;
    var above = high;
    var below = lo;
    if (lo < hi) {
      for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
        let z = value_at(at, x, scale);
        if (z >= mid) {
          weight += select(1.0, exp(z - high), by_mass);
          above = min(above, z);
        } else if (z >= lo) {
          below = max(below, z);
        }
      }
    }
    weight = reduce_sum(lane, weight);
    above = -reduce_max(lane, -above);
    below = reduce_max(lane, below);
    if (lo < hi) {
      if (weight >= wanted) {
        lo = above;
      } else {
        hi = below;
      }
    }
  }
  return lo;
}

fn one_hot(lane: Lane, at: u32) {
  var best = Best(2.0 * MASKED, NONE);
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    let z = value_at(at, x, 1.0);
    if (z > 0.5 * MASKED) {
      best = better(best, Best(z, x));
    }
  }
  best = reduce_argmax(lane, best);
  for (var x = lane.id; x < params.vocab_size; x += WORKGROUP_SIZE) {
    logits[at + x] = select(MASKED, 0.0, x == best.index);
  }
}

// Marks the tokens of the text and the row's path, then changes each marked logit once.
fn penalise(lane: Lane, at: u32, last: u32) {
  let v = params.vocab_size;
  let n = ctl[CTL_N];
  for (var start = 0u; start < v; start += STRETCH) {
    for (var w = lane.id; w < STRETCH / 32u; w += WORKGROUP_SIZE) {
      atomicStore(&marks[w], 0u);
    }
    workgroupBarrier();
    for (var i = lane.id; i < n; i += WORKGROUP_SIZE) {
      mark(seq[i], start);
    }
    if (lane.id == 0u && params.has_tree != 0u) {
      var node = last;
      while (node != NONE) {
        mark(tree[NODE_TOKEN * params.cap + node], start);
        let parent = tree[NODE_PARENT * params.cap + node];
        node = select(NONE, parent, parent < node);
      }
    }
    workgroupBarrier();
    for (var x = start + lane.id; x < min(v, start + STRETCH); x += WORKGROUP_SIZE) {
      let bit = x - start;
      let z = logits[at + x];
      if (((atomicLoad(&marks[bit / 32u]) >> (bit % 32u)) & 1u) != 0u && z > 0.5 * MASKED) {
        logits[at + x] = select(z * params.penalty, z / params.penalty, z > 0.0);
      }
    }
    workgroupBarrier();
  }
}

fn mark(token: u32, start: u32) {
  if (token >= start && token - start < STRETCH) {
    atomicOr(&marks[(token - start) / 32u], 1u << ((token - start) % 32u));
  }
}
