// rank_tree: the cap - 1 candidates of largest value that were ever listed below a chosen node become a tree of their own
// shapes:    drafted [10,drafted_cap], candidates [lists,b,4], list = drafted node, each best first -> tree [10,cap]
// grid:      one workgroup: every lane has lists of its own and offers the best head among them
// numerics:  comparisons in f32; ties go to the smaller list, then to the better of its list
// source:    Li et al. 2024, EAGLE-2, section 4.2 (re-ranking); Xiong et al. 2024, DySpec, algorithm 1; speculative.md 5.3, 6.5
// @use layouts, reduce, append

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  lists: u32,
  listed: u32,
  drafted_cap: u32,
  cap: u32,
  least: f32,
}
@group(0) @binding(0) var<storage, read> drafted: array<u32>;
@group(0) @binding(1) var<storage, read_write> candidates: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const MAX_LISTS = 256u;
// By list: how many of its candidates were chosen; NONE as long as its node is not. Each is touched by one lane only.
var<workgroup> chosen: array<u32, MAX_LISTS>;
// By drafted node: its number in the new tree. One lane uses it.
var<private> number: array<u32, MAX_LISTS>;

// The drafted node that a candidate became, if anything was listed below it; NONE otherwise. Not all before it need have.
fn node_of(list: u32, sibling: u32) -> u32 {
  let old_cap = params.drafted_cap;
  let first = drafted[NODE_FIRST_CHILD * old_cap + list];
  let end = min(params.lists, first + drafted[NODE_CHILD_COUNT * old_cap + list]);
  for (var node = first; node < end; node++) {
    if (drafted[NODE_SIBLING * old_cap + node] == sibling) {
      return node;
    }
  }
  return NONE;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  let listed = params.listed;
  let old_cap = params.drafted_cap;
  for (var list = lane.id; list < params.lists; list += WORKGROUP_SIZE) {
    chosen[list] = select(NONE, 0u, list == 0u);
  }
  for (var k = 1u; k < params.cap; k++) {
    var head = Best(2.0 * MASKED, NONE);
    for (var list = lane.id; list < params.lists; list += WORKGROUP_SIZE) {
      if (chosen[list] < listed) {
        let at = list * listed + chosen[list];
        let value = bitcast<f32>(candidates[4u * at + 1u]);
        if (candidates[4u * at] != NONE && value >= params.least) {
          head = better(head, Best(value, at));
        }
      }
    }
    let best = reduce_argmax(lane, head);
    if (best.index != NONE) {
      let list = best.index / listed;
      let sibling = best.index % listed;
      if (list % WORKGROUP_SIZE == lane.id) {
        chosen[list] = sibling + 1u;
      }
      // Whatever was listed below it may now be chosen.
      let below = node_of(list, sibling);
      if (below != NONE && below % WORKGROUP_SIZE == lane.id) {
        chosen[below] = 0u;
      }
    }
  }
  workgroupBarrier();
  if (lane.id != 0u) {
    return;
  }
  tree[NODE_TOKEN * params.cap] = drafted[NODE_TOKEN * old_cap];
  // Lists stand in the order of drafted nodes, level by level, and so do the nodes that come of them.
  var next = 1u;
  for (var list = 0u; list < params.lists; list++) {
    if (chosen[list] == NONE) {
      continue;
    }
    for (var j = 0u; j < chosen[list]; j++) {
      append(number[list], next, j, 4u * (list * listed + j));
      let below = node_of(list, j);
      tree[NODE_ORIGIN * params.cap + next + j] = below;
      if (below != NONE) {
        number[below] = next + j;
      }
    }
    adopt(number[list], next, chosen[list]);
    next += chosen[list];
  }
}
