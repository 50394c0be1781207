// draft_lookup: a chain of the tokens that followed an earlier occurrence of the text's last m tokens, m as large as possible
// shapes:       ctl [16], seq [>= n] -> tree [10,cap]
// grid:         one workgroup; lanes stride over the text
// numerics:     integers; chosen tokens are point masses, the log of probability 1 is 0
// source:       Saxena 2023, Prompt Lookup Decoding; speculative.md 6.6
// @use layouts

override WORKGROUP_SIZE: u32 = 64u;

struct Params {
  longest: u32,
  // 1 takes the latest occurrence, whatever follows it; 0 the earliest that a whole chain follows.
  is_latest: u32,
  cap: u32,
}
@group(0) @binding(0) var<storage, read> ctl: array<u32>;
@group(0) @binding(1) var<storage, read> seq: array<u32>;
@group(0) @binding(2) var<storage, read_write> tree: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

// The best occurrence: its length, then how early or late it is. 0 is none.
var<workgroup> found: atomic<u32>;
const PLACES = 0x00ffffffu;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  let n = ctl[CTL_N];
  let needed = select(params.cap - 1u, 1u, params.is_latest != 0u);
  // `end` is the position after an occurrence: where what followed it begins.
  for (var end = 1u + lane; end + needed <= n; end += WORKGROUP_SIZE) {
    var length = 0u;
    while (length < params.longest && length < end && seq[end - 1u - length] == seq[n - 1u - length]) {
      length++;
    }
    if (length > 0u) {
      let place = select(PLACES - end, end, params.is_latest != 0u);
      atomicMax(&found, (length << 24u) | place);
    }
  }
  workgroupBarrier();
  if (lane != 0u) {
    return;
  }
  let best = atomicLoad(&found);
  if (best == 0u) {
    return;
  }
  let place = best & PLACES;
  let start = select(PLACES - place, place, params.is_latest != 0u);
  let cap = params.cap;
  for (var node = 1u; node < cap && start + node - 1u < n; node++) {
    tree[NODE_TOKEN * cap + node] = seq[start + node - 1u];
    tree[NODE_PARENT * cap + node] = node - 1u;
    tree[NODE_DEPTH * cap + node] = node;
    tree[NODE_FIRST_CHILD * cap + node - 1u] = node;
    tree[NODE_CHILD_COUNT * cap + node - 1u] = 1u;
  }
}
