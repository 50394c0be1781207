enable subgroups;
// lanes: every lane works on TURNS tiles of its own, and the first four lanes of a subgroup read x for all of it.
struct Lane {
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) id: u32,
}

// Every subgroup has at least four lanes.
fn share(v: f32) -> vec4<f32> {
  return vec4<f32>(
    subgroupBroadcast(v, 0u),
    subgroupBroadcast(v, 1u),
    subgroupBroadcast(v, 2u),
    subgroupBroadcast(v, 3u),
  );
}

fn total(v: vec4<f32>) -> vec4<f32> {
  return subgroupBroadcast(v, 0u) + subgroupBroadcast(v, 1u) + subgroupBroadcast(v, 2u) + subgroupBroadcast(v, 3u);
}

fn run_tiles(lane: Lane) {
  for (var turn = 0u; turn < TURNS; turn++) {
    let unit = (lane.group.x + turn * lane.groups.x) * WORKGROUP_SIZE + lane.index;
    tile(lane.group.y * TILE_ROWS, unit * TILE_QUADS, lane.id % 4u, 4u);
  }
}
