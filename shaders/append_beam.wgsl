// append_beam: the W best candidates over all rows, by value or by that of a child, none of value below `least`, become the next level
// shapes:      candidates [*,b,4] from list first_list on, each row best first -> tree [10,cap]
// grid:        one invocation: it merges T sorted lists, W x T comparisons; by children W x T x b
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
  // 1 goes by the value of a candidate's first child, its own with the log of its probability added.
  by_child: u32,
}
@group(0) @binding(0) var<storage, read_write> candidates: array<u32>;
@group(0) @binding(1) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const MAX_ROWS = 256u;
// By row: how many of its candidates were taken, and which, a bit for each of up to 64.
var<private> kept: array<u32, MAX_ROWS>;
var<private> taken: array<vec2<u32>, MAX_ROWS>;

fn is_taken(row: u32, j: u32) -> bool {
  return (taken[row][j / 32u] & (1u << (j % 32u))) != 0u;
}

@compute @workgroup_size(1)
fn main() {
  let rows = params.rows_count;
  let width = params.width;
  let listed = params.listed;
  let by_child = params.by_child != 0u;
  for (var k = 0u; k < width; k++) {
    var best_row = NONE;
    var best_j = 0u;
    var best_value = -3.0e38;
    for (var row = 0u; row < rows; row++) {
      for (var j = select(kept[row], 0u, by_child); j < listed; j++) {
        let at = 4u * ((params.first_list + row) * listed + j);
        var value = bitcast<f32>(candidates[at + 1u]);
        if (candidates[at] == NONE || value < params.least) {
          break;
        }
        if (by_child) {
          value += bitcast<f32>(candidates[at + 3u]);
        }
        if (!is_taken(row, j) && (best_row == NONE || value > best_value)) {
          best_row = row;
          best_j = j;
          best_value = value;
        }
        // A list is sorted by value: what comes after is no better.
        if (!by_child) {
          break;
        }
      }
    }
    if (best_row != NONE) {
      kept[best_row]++;
      taken[best_row][best_j / 32u] |= 1u << (best_j % 32u);
    }
  }
  var child = params.next;
  for (var row = 0u; row < rows; row++) {
    let parent = params.first_node + row;
    adopt(parent, child, kept[row]);
    for (var j = 0u; j < listed; j++) {
      if (is_taken(row, j)) {
        append(parent, child - j, j, 4u * ((params.first_list + row) * listed + j));
        child++;
      }
    }
  }
  for (; child < params.next + width; child++) {
    tree[NODE_PARENT * params.cap + child] = NONE;
    tree[NODE_CHILD_COUNT * params.cap + child] = 0u;
  }
}
