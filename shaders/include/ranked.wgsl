// The TOP best (value, index) pairs of those that one lane was given, best first, in whatever order they come; ties go to the
// smaller index. TOP is a constant of the variant. Uses `layouts`.

var<private> ranked_values: array<f32, TOP>;
var<private> ranked_indices: array<u32, TOP>;
// How many of them were taken.
var<private> ranked_head: u32;

fn is_ahead(value: f32, index: u32, other: f32, other_index: u32) -> bool {
  return value > other || (value == other && index < other_index);
}

fn ranked_clear() {
  for (var i = 0u; i < TOP; i++) {
    ranked_values[i] = 2.0 * MASKED;
    ranked_indices[i] = NONE;
  }
  ranked_head = 0u;
}

fn ranked_insert(value: f32, index: u32) {
  var i = TOP - 1u;
  // Most values end at the first comparison.
  if (!is_ahead(value, index, ranked_values[i], ranked_indices[i])) {
    return;
  }
  while (i > 0u && is_ahead(value, index, ranked_values[max(i, 1u) - 1u], ranked_indices[max(i, 1u) - 1u])) {
    ranked_values[i] = ranked_values[i - 1u];
    ranked_indices[i] = ranked_indices[i - 1u];
    i--;
  }
  ranked_values[i] = value;
  ranked_indices[i] = index;
}

// Part of a softmax: largest value m, sum s of exp(v - m), sum of exp(v - m) (v - m); and the same of both parts together.
fn join_parts(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  let m = max(a.x, b.x);
  let e = exp(vec2<f32>(a.x, b.x) - m);
  let s = vec2<f32>(a.y, b.y) * e;
  let w = vec2<f32>(a.z, b.z) * e + s * (vec2<f32>(a.x, b.x) - m);
  return vec4<f32>(m, s.x + s.y, w.x + w.y, 0.0);
}
