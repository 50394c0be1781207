// The TOP best (value, index) pairs that one lane has seen, best first, and their merge over the workgroup. Lanes must
// insert in increasing index, so that ties go to the smaller one. Uses `reduce`; TOP is a constant of the variant.

var<private> top_values: array<f32, TOP>;
var<private> top_indices: array<u32, TOP>;
// The last of them: most values end at the first comparison.
var<private> top_last: f32;
var<private> top_head: u32;

fn top_clear() {
  for (var i = 0u; i < TOP; i++) {
    top_values[i] = -3.0e38;
    top_indices[i] = 0xffffffffu;
  }
  top_last = -3.0e38;
  top_head = 0u;
}

fn top_insert(value: f32, index: u32) {
  if (value <= top_last) {
    return;
  }
  var i = TOP - 1u;
  while (i > 0u && value > top_values[max(i, 1u) - 1u]) {
    top_values[i] = top_values[i - 1u];
    top_indices[i] = top_indices[i - 1u];
    i--;
  }
  top_values[i] = value;
  top_indices[i] = index;
  top_last = top_values[TOP - 1u];
}

// The best pair of all lanes that was not taken yet; index 0xffffffff if none is left. All lanes call it together.
fn top_take(lane: Lane) -> Best {
  var mine = Best(-3.0e38, 0xffffffffu);
  if (top_head < TOP) {
    mine = Best(top_values[min(top_head, TOP - 1u)], top_indices[min(top_head, TOP - 1u)]);
  }
  let best = reduce_argmax(lane, mine);
  if (best.index != 0xffffffffu && best.index == mine.index) {
    top_head++;
  }
  return best;
}
