// Which slots a row sees of keys and values that are kept in banks, one for each recurrence: of every position below its
// bound the bank of the row's own recurrence, or the last one before it that the position has filled. `visible` holds that
// last bank by position. Uses the binding rows and `layouts`; the words of a row are those that recur_admit writes.

struct View {
  // The row's recurrence, from 0.
  bank: u32,
  // Slots of a bank.
  stride: u32,
  // 1: positions that did not fill the row's own bank are not seen.
  is_exact: u32,
  // Candidates to look at: 0 .. count - 1.
  count: u32,
}

fn view_of(row: u32) -> View {
  let at = row * ROW_WORDS;
  return View(rows[at + ROW_BANK], rows[at + ROW_BANK_SLOTS], rows[at + ROW_BANK_EXACT], rows[at + ROW_BOUND]);
}

// The slot of candidate k, NONE if the row does not see it.
fn slot_of(view: View, k: u32) -> u32 {
  let last = visible[k];
  if (view.is_exact == 1u && last < view.bank) {
    return NONE;
  }
  return min(view.bank, last) * view.stride + k;
}
