// Which slots a row sees where it sees params.window positions, its own and those before it: of the slots that
// visibility.window shows those alone. Slots below the bound have the numbers of their positions; bits from the bound on
// are the row and its ancestors, one for each position. Uses the bindings rows and params, and `layouts`.

struct View {
  row: u32,
  bound: u32,
  // Slot of the first bit.
  bits_at: u32,
  // Slot of candidate 0; nothing before it is seen.
  start: u32,
  // How many of the bits, from the first one set, are ancestors that lie too far back.
  hidden: u32,
  // Candidates to look at: 0 .. count - 1.
  count: u32,
}

fn view_of(row: u32) -> View {
  let at = row * ROW_WORDS;
  let bound = rows[at + ROW_BOUND];
  let bits_at = rows[at + ROW_WINDOW];
  let position = rows[at + ROW_POSITION];
  var end = bound;
  var ancestors = 0u;
  for (var w = 0u; w < ROW_BIT_WORDS; w++) {
    let word = visible[row * ROW_BIT_WORDS + w];
    ancestors += countOneBits(word);
    if (word != 0u) {
      end = max(end, bits_at + 32u * w + 32u - countLeadingZeros(word));
    }
  }
  let start = min(bound, position + 1u - min(position + 1u, params.window));
  return View(row, bound, bits_at, start, ancestors - min(ancestors, params.window), end - start);
}

// The slot of candidate k, NONE if the row does not see it.
fn slot_of(view: View, k: u32) -> u32 {
  let slot = view.start + k;
  if (slot < view.bound) {
    return slot;
  }
  // Slots before the bits wrap around to bits far beyond them.
  let bit = slot - view.bits_at;
  if (bit >= 32u * ROW_BIT_WORDS) {
    return NONE;
  }
  let word = visible[view.row * ROW_BIT_WORDS + bit / 32u];
  if (((word >> (bit % 32u)) & 1u) == 0u) {
    return NONE;
  }
  if (view.hidden > 0u) {
    var before = countOneBits(word & ((1u << (bit % 32u)) - 1u));
    for (var w = 0u; w < bit / 32u; w++) {
      before += countOneBits(visible[view.row * ROW_BIT_WORDS + w]);
    }
    return select(slot, NONE, before < view.hidden);
  }
  return slot;
}
