enable subgroups;
// The loop below is uniform over a subgroup, which the analysis cannot see: it depends on the subgroup's own number.
diagnostic(off, subgroup_uniformity);
// lanes: the lanes of one subgroup work on one tile; a workgroup has TEAMS tiles, shared among its subgroups, TURNS times.
struct Lane {
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_size) width: u32,
  @builtin(subgroup_invocation_id) id: u32,
}

fn total(v: vec4<f32>) -> vec4<f32> {
  return subgroupAdd(v);
}

fn total4(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(subgroupAdd(a), subgroupAdd(b), subgroupAdd(c), subgroupAdd(d));
}

fn run_tiles(lane: Lane) {
  // A workgroup may be smaller than the widest subgroup.
  let lanes = min(lane.width, WORKGROUP_SIZE);
  let teams = WORKGROUP_SIZE / lanes;
  let first = lane.group.x * TEAMS + lane.index / lanes;
  for (var turn = 0u; turn < TURNS; turn++) {
    let turns_first = first + turn * lane.groups.x * TEAMS;
    // Subgroups may be wider than the narrowest that TEAMS counts.
    for (var i = 0u; i < TEAMS; i += teams) {
      tile(lane.group.y * TILE_ROWS, (turns_first + i) * TILE_QUADS, lane.id, lanes);
    }
  }
}
