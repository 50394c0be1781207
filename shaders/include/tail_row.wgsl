// The rows of the last committed tokens: used by rows_tail and embed_tail, which declare ctl, seq, rows and bits.

// Position of row i of `count`; NONE for one before the start of the text, or of an ended text.
fn tail_position(i: u32, count: u32) -> u32 {
  let end = ctl[CTL_N] + i;
  let is_idle = end < count || ctl[CTL_DONE] != 0u;
  return select(end - count, NONE, is_idle);
}

fn write_tail_row(i: u32, position: u32) {
  for (var w = 0u; w < ROW_BIT_WORDS; w++) {
    bits[i * ROW_BIT_WORDS + w] = 0u;
  }
  let is_idle = position == NONE;
  let at = i * ROW_WORDS;
  rows[at + ROW_TOKEN] = seq[select(position, 0u, is_idle)];
  rows[at + ROW_POSITION] = select(position, 0u, is_idle);
  rows[at + ROW_SLOT] = position;
  rows[at + ROW_BOUND] = select(position + 1u, 0u, is_idle);
  rows[at + ROW_WINDOW] = 0u;
  rows[at + ROW_LIST_START] = 0u;
  rows[at + ROW_LIST_LENGTH] = 0u;
}
