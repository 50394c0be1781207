// lanes: every lane works on TURNS tiles of its own and nothing is added up across lanes.
struct Lane {
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
}

fn total(v: vec4<f32>) -> vec4<f32> {
  return v;
}

fn run_tiles(lane: Lane) {
  for (var turn = 0u; turn < TURNS; turn++) {
    let unit = (lane.group.x + turn * lane.groups.x) * WORKGROUP_SIZE + lane.index;
    if (unit * TILE_QUADS < QUADS) {
      tile(lane.group.y * TILE_ROWS, unit * TILE_QUADS, 0u, 1u);
    }
  }
}
