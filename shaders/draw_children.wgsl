// draw_children: the b best of log q + gumbel after each frontier node, best first: a draw without replacement
// shapes:        laws [*,V] (row = node), ctl [16] -> tree [10,cap], candidates [*,b,4] from list first_list on: token, perturbed, log q, log q / left
// grid:          one workgroup per frontier node; lanes stride over the vocabulary
// numerics:      f32; ties go to the smaller token; candidates that the law lacks have token NONE
// source:        Kool et al. 2019, Stochastic Beams, eq. 8 and appendix B.3 (beam); Xiong et al. 2024, DySpec (reach); speculative.md 5.1, 5.3
// @use layouts, rng, reduce, top_list, append

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  first_node: u32,
  wanted: u32,
  vocab_size: u32,
  is_noisy: u32,
  // What stands in place of the perturbed value: 0 itself, 1 the value in a beam, 2 log of the chance of being tested.
  valued: u32,
  // Children of row i become nodes next + i b ..; NONE leaves the tree alone.
  next: u32,
  cap: u32,
  first_list: u32,
}
const VALUED_BEAM = 1u;
const VALUED_REACH = 2u;

@group(0) @binding(0) var<storage, read> laws: array<f32>;
@group(0) @binding(1) var<storage, read> ctl: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(0) @binding(3) var<storage, read_write> candidates: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let v = params.vocab_size;
  let cap = params.cap;
  let node = params.first_node + group.x;
  let at = node * v;
  let is_absent = node > 0u && tree[NODE_PARENT * cap + node] == NONE;
  let phi = bitcast<f32>(tree[NODE_PHI * cap + node]);
  let inherited = bitcast<f32>(tree[NODE_PERTURBED * cap + node]);
  let list_at = (params.first_list + group.x) * params.wanted;
  let seed = ctl[CTL_SEED];
  let step = ctl[CTL_STEP];

  top_clear();
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let logq = laws[at + x];
    if (is_absent || logq <= 0.5 * MASKED) {
      continue;
    }
    // A child is never worth more than its parent, whatever rounding made of the law.
    var g = phi + min(logq, 0.0);
    if (params.is_noisy != 0u) {
      g += to_gumbel(random_u32(seed, step, PURPOSE_DRAFT, node, 0u, x));
    }
    top_insert(g, x);
  }
  var row_max = 0.0;
  var taken = 0.0;
  for (var j = 0u; j < params.wanted; j++) {
    let best = top_take(lane);
    if (j == 0u) {
      row_max = best.value;
    }
    let is_there = best.index != NONE;
    let logq = laws[at + select(0u, best.index, is_there)];
    taken += select(0.0, exp(logq), is_there);
    if (lane.id == 0u) {
      var perturbed = best.value;
      if (params.valued == VALUED_BEAM && params.is_noisy != 0u && is_there) {
        perturbed = shifted(best.value, row_max, inherited);
      }
      let to = 4u * (list_at + j);
      candidates[to] = best.index;
      candidates[to + 1u] = bitcast<u32>(perturbed);
      candidates[to + 2u] = bitcast<u32>(logq);
      candidates[to + 3u] = bitcast<u32>(logq);
    }
  }

  // Log of the mass that the candidates leave; 1 - taken would be noise where they take nearly everything.
  var rest = vec2<f32>(2.0 * MASKED, 0.0);
  if (taken < 0.99) {
    rest = vec2<f32>(0.0, 1.0 - taken);
  } else {
    for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
      let logq = laws[at + x];
      if (logq > 0.5 * MASKED && !was_taken(x)) {
        rest = log_sum(rest, vec2<f32>(logq, 1.0));
      }
    }
  }
  let top = reduce_max(lane, rest.x);
  var mass = reduce_sum(lane, rest.y * exp(rest.x - top));
  if (taken < 0.99) {
    mass = 1.0 - taken;
  }
  if (lane.id != 0u) {
    return;
  }
  rest = vec2<f32>(top, mass);
  var count = 0u;
  for (var j = params.wanted; j > 0u; j--) {
    let candidate = 4u * (list_at + j - 1u);
    if (candidates[candidate] != NONE) {
      let logq = bitcast<f32>(candidates[candidate + 2u]);
      rest = log_sum(rest, vec2<f32>(logq, 1.0));
      candidates[candidate + 3u] = bitcast<u32>(min(0.0, logq - rest.x - log(rest.y)));
      count++;
    }
    if (params.next != NONE) {
      append(node, params.next + group.x * params.wanted, j - 1u, candidate);
    }
  }
  if (params.valued == VALUED_REACH) {
    value_by_reach(list_at, inherited + bitcast<f32>(tree[NODE_LOGQ * cap + node]));
  }
  if (params.next != NONE) {
    adopt(node, params.next + group.x * params.wanted, count);
  }
}

// A child is tested if its parent is accepted and its elder siblings are not: `reach` = log of the parent's chance, with
// draft probabilities for those of being accepted. An unlikely event counts, so it is not held back by 1 - 1 = 0.
fn value_by_reach(list_at: u32, reach: f32) {
  var value = min(reach, 0.0);
  for (var j = 0u; j < params.wanted; j++) {
    let candidate = 4u * (list_at + j);
    candidates[candidate + 1u] = bitcast<u32>(value);
    let q = exp(bitcast<f32>(candidates[candidate + 3u]));
    value += log(max(1.0 - q, 1.0e-7));
  }
}

// The sum of two pairs (m, s) that stand for s e^m.
fn log_sum(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  let top = max(a.x, b.x);
  return vec2<f32>(top, a.y * exp(a.x - top) + b.y * exp(b.x - top));
}

// A lane's own list starts with those of its tokens that were taken.
fn was_taken(x: u32) -> bool {
  for (var i = 0u; i < top_head; i++) {
    if (top_indices[i] == x) {
      return true;
    }
  }
  return false;
}

// -log(e^-inherited - e^-row_max + e^-value): the best child inherits its parent's perturbed value.
fn shifted(value: f32, row_max: f32, inherited: f32) -> f32 {
  if (value >= row_max) {
    return inherited;
  }
  let u = inherited - value + log1mexp(value - row_max);
  return inherited - max(u, 0.0) - log1p(exp(-abs(u)));
}

// log(1 - e^t) for t < 0.
fn log1mexp(t: f32) -> f32 {
  if (t < -0.7) {
    return log1p(-exp(t));
  }
  // 1 - e^t by its series, since the difference would cancel.
  var series = 1.0;
  for (var i = 10.0; i > 1.0; i -= 1.0) {
    series = 1.0 + t / i * series;
  }
  return log(-t * series);
}

// log(1 + x), by its series where 1 + x would lose x.
fn log1p(x: f32) -> f32 {
  if (abs(x) < 1.0e-2) {
    return x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - 0.25 * x)));
  }
  return log(1.0 + x);
}
