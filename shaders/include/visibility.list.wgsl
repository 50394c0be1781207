// Which slots a row sees: those of its stretch of a list. `visible` has the list. Uses the binding rows and `layouts`.

struct View {
  start: u32,
  // Candidates to look at: 0 .. count - 1.
  count: u32,
}

fn view_of(row: u32) -> View {
  let at = row * ROW_WORDS;
  return View(rows[at + ROW_LIST_START], rows[at + ROW_LIST_LENGTH]);
}

fn slot_of(view: View, k: u32) -> u32 {
  return visible[view.start + k];
}
