// append_beam: the W candidates of largest value over all rows, none below `least`, become the next level, siblings together
// shapes:      candidates [*,b,4] from list first_list on, each row best first -> tree [10,cap]
// grid:        one invocation: it merges T sorted lists, W x T comparisons
// numerics:    comparisons in f32; ties go to the smaller row, then to the better of its row
// source:      Kool et al. 2019, Stochastic Beams, algorithm 1; speculative.md 5.1, 5.3, 6.5
// @use layouts, append

struct Params {
  first_node: u32,
  rows_count: u32,
  width: u32,
  next: u32,
  cap: u32,
  // Candidates of each row, and the list that the first row's are.
  listed: u32,
  first_list: u32,
  least: f32,
}
@group(0) @binding(0) var<storage, read_write> candidates: array<u32>;
@group(0) @binding(1) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const MAX_ROWS = 256u;
var<private> kept: array<u32, MAX_ROWS>;

@compute @workgroup_size(1)
fn main() {
  let rows = params.rows_count;
  let width = params.width;
  let listed = params.listed;
  for (var k = 0u; k < width; k++) {
    var best_row = NONE;
    var best_value = -3.0e38;
    for (var row = 0u; row < rows; row++) {
      let at = 4u * ((params.first_list + row) * listed + min(kept[row], listed - 1u));
      let value = bitcast<f32>(candidates[at + 1u]);
      if (kept[row] < listed && candidates[at] != NONE && value >= params.least && (best_row == NONE || value > best_value)) {
        best_row = row;
        best_value = value;
      }
    }
    if (best_row != NONE) {
      kept[best_row]++;
    }
  }
  var child = params.next;
  for (var row = 0u; row < rows; row++) {
    let parent = params.first_node + row;
    for (var j = 0u; j < kept[row]; j++) {
      append(parent, child, j, 4u * ((params.first_list + row) * listed + j));
    }
    adopt(parent, child, kept[row]);
    child += kept[row];
  }
  for (; child < params.next + width; child++) {
    tree[NODE_PARENT * params.cap + child] = NONE;
    tree[NODE_CHILD_COUNT * params.cap + child] = 0u;
  }
}
