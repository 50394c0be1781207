// The rows that a recurrence is for: those of a list, or all. Uses the binding active_rows and `layouts`.

// 0: every row is active, in order.
override HAS_LIST: u32 = 0u;

// The i-th active row; NONE behind the last.
fn active_row(i: u32) -> u32 {
  if (HAS_LIST == 1u) {
    return active_rows[i];
  }
  return i;
}
