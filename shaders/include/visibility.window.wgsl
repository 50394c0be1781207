// Which slots a row sees: all below its bound, and those of its bits, 256 slots from its window on. `visible` has the
// bits [T,8]. Uses the binding rows and `layouts`.

struct View {
  row: u32,
  bound: u32,
  window: u32,
  // Candidates to look at: 0 .. count - 1.
  count: u32,
}

fn view_of(row: u32) -> View {
  let at = row * ROW_WORDS;
  let bound = rows[at + ROW_BOUND];
  let window = rows[at + ROW_WINDOW];
  var count = bound;
  for (var w = 0u; w < ROW_BIT_WORDS; w++) {
    let word = visible[row * ROW_BIT_WORDS + w];
    if (word != 0u) {
      count = max(count, window + 32u * w + 32u - countLeadingZeros(word));
    }
  }
  return View(row, bound, window, count);
}

// The slot of candidate k, NONE if the row does not see it.
fn slot_of(view: View, k: u32) -> u32 {
  if (k < view.bound) {
    return k;
  }
  // Slots before the window wrap around to bits far beyond it.
  let bit = k - view.window;
  if (bit >= 32u * ROW_BIT_WORDS) {
    return NONE;
  }
  let word = visible[view.row * ROW_BIT_WORDS + bit / 32u];
  return select(NONE, k, ((word >> (bit % 32u)) & 1u) != 0u);
}
