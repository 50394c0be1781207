// lanes: all lanes of a workgroup work on TURNS tiles, one by one, and add up through workgroup memory.
struct Lane {
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
}

var<workgroup> parts: array<mat4x4<f32>, WORKGROUP_SIZE>;
var<private> lane_index: u32;

// Four sums at a time, and in two steps instead of a tree: barriers cost more than the few additions they save.
fn total4(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> mat4x4<f32> {
  parts[lane_index] = mat4x4<f32>(a, b, c, d);
  workgroupBarrier();
  if (lane_index < STRIDE) {
    var sum = parts[lane_index];
    for (var i = lane_index + STRIDE; i < WORKGROUP_SIZE; i += STRIDE) {
      sum += parts[i];
    }
    parts[lane_index] = sum;
  }
  workgroupBarrier();
  var all = parts[0];
  for (var i = 1u; i < STRIDE; i++) {
    all += parts[i];
  }
  workgroupBarrier();
  return all;
}
const STRIDE = 4u;

fn total(v: vec4<f32>) -> vec4<f32> {
  return total4(v, vec4<f32>(), vec4<f32>(), vec4<f32>())[0];
}

fn run_tiles(lane: Lane) {
  lane_index = lane.index;
  for (var turn = 0u; turn < TURNS; turn++) {
    tile(lane.group.y * TILE_ROWS, (lane.group.x + turn * lane.groups.x) * TILE_QUADS, lane.index, WORKGROUP_SIZE);
  }
}
