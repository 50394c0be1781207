// Reductions over a workgroup through workgroup memory; the same functions as reduce.subgroup. The shader declares the
// overrides WORKGROUP_SIZE (a power of two; one lane meets no barrier) and SUBGROUP_MIN (unused here). Every lane gets
// the result.

struct Lane {
  @builtin(local_invocation_index) id: u32,
}
struct Best {
  value: f32,
  index: u32,
}

var<workgroup> reduce_values: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> reduce_indices: array<u32, WORKGROUP_SIZE>;

fn reduce_sum4(lane: Lane, x: vec4<f32>) -> vec4<f32> {
  if (WORKGROUP_SIZE == 1u) {
    return x;
  }
  reduce_values[lane.id] = x;
  for (var span = WORKGROUP_SIZE / 2u; span > 0u; span /= 2u) {
    workgroupBarrier();
    if (lane.id < span) {
      reduce_values[lane.id] += reduce_values[lane.id + span];
    }
  }
  workgroupBarrier();
  let sum = reduce_values[0];
  workgroupBarrier();
  return sum;
}

fn reduce_sum(lane: Lane, x: f32) -> f32 {
  return reduce_sum4(lane, vec4<f32>(x, 0.0, 0.0, 0.0)).x;
}

fn reduce_max(lane: Lane, x: f32) -> f32 {
  return reduce_argmax(lane, Best(x, lane.id)).value;
}

// Ties go to the smaller index.
fn reduce_argmax(lane: Lane, x: Best) -> Best {
  if (WORKGROUP_SIZE == 1u) {
    return x;
  }
  reduce_values[lane.id].x = x.value;
  reduce_indices[lane.id] = x.index;
  for (var span = WORKGROUP_SIZE / 2u; span > 0u; span /= 2u) {
    workgroupBarrier();
    if (lane.id < span) {
      let mine = Best(reduce_values[lane.id].x, reduce_indices[lane.id]);
      let other = Best(reduce_values[lane.id + span].x, reduce_indices[lane.id + span]);
      let best = better(mine, other);
      reduce_values[lane.id].x = best.value;
      reduce_indices[lane.id] = best.index;
    }
  }
  workgroupBarrier();
  let best = Best(reduce_values[0].x, reduce_indices[0]);
  workgroupBarrier();
  return best;
}

fn better(a: Best, b: Best) -> Best {
  if (b.value > a.value || (b.value == a.value && b.index < a.index)) {
    return b;
  }
  return a;
}
