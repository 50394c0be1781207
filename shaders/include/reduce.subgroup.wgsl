enable subgroups;
// Reductions over a workgroup by subgroup operations; the same functions as reduce.workgroup. A workgroup no larger than
// the narrowest subgroup of the device (SUBGROUP_MIN, 0 if unknown) is one subgroup and meets no barrier. The shader
// declares the overrides WORKGROUP_SIZE (a power of two) and SUBGROUP_MIN. Every lane gets the result.

struct Lane {
  @builtin(local_invocation_index) id: u32,
  @builtin(subgroup_invocation_id) sub: u32,
  @builtin(subgroup_size) width: u32,
}
struct Best {
  value: f32,
  index: u32,
}

var<workgroup> reduce_values: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> reduce_indices: array<u32, WORKGROUP_SIZE>;

fn reduce_sum4(lane: Lane, x: vec4<f32>) -> vec4<f32> {
  let part = subgroupAdd(x);
  if (WORKGROUP_SIZE <= SUBGROUP_MIN) {
    return part;
  }
  // One lane of each subgroup posts its part, whatever the order of lanes in subgroups is; the others post nothing.
  reduce_values[lane.id] = select(vec4<f32>(0.0), part, subgroupElect());
  workgroupBarrier();
  var all = vec4<f32>(0.0);
  for (var i = lane.sub; i < WORKGROUP_SIZE; i += lane.width) {
    all += reduce_values[i];
  }
  let sum = subgroupAdd(all);
  workgroupBarrier();
  return sum;
}

fn reduce_sum(lane: Lane, x: f32) -> f32 {
  if (WORKGROUP_SIZE <= SUBGROUP_MIN) {
    return subgroupAdd(x);
  }
  return reduce_sum4(lane, vec4<f32>(x, 0.0, 0.0, 0.0)).x;
}

fn reduce_max(lane: Lane, x: f32) -> f32 {
  let part = subgroupMax(x);
  if (WORKGROUP_SIZE <= SUBGROUP_MIN) {
    return part;
  }
  reduce_values[lane.id].x = part;
  workgroupBarrier();
  var all = part;
  for (var i = lane.sub; i < WORKGROUP_SIZE; i += lane.width) {
    all = max(all, reduce_values[i].x);
  }
  let largest = subgroupMax(all);
  workgroupBarrier();
  return largest;
}

// Ties go to the smaller index.
fn reduce_argmax(lane: Lane, x: Best) -> Best {
  let value = subgroupMax(x.value);
  let index = subgroupMin(select(0xffffffffu, x.index, x.value == value));
  if (WORKGROUP_SIZE <= SUBGROUP_MIN) {
    return Best(value, index);
  }
  reduce_values[lane.id].x = value;
  reduce_indices[lane.id] = index;
  workgroupBarrier();
  var all = Best(value, index);
  for (var i = lane.sub; i < WORKGROUP_SIZE; i += lane.width) {
    all = better(all, Best(reduce_values[i].x, reduce_indices[i]));
  }
  let top = subgroupMax(all.value);
  let at = subgroupMin(select(0xffffffffu, all.index, all.value == top));
  workgroupBarrier();
  return Best(top, at);
}

fn better(a: Best, b: Best) -> Best {
  if (b.value > a.value || (b.value == a.value && b.index < a.index)) {
    return b;
  }
  return a;
}
