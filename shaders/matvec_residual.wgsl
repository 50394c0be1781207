// matvec_residual: y[t,:] += W x[t,:] + bias, or y[t,:] = W x[t,:] + bias
// shapes:   x [T,D], weight [part of O,D] in quads, scales [O/4,groups,4], bias [O] -> y [T,O] in place
// grid:     x: workgroups that share the tiles of TILE_QUADS quads of rows, in TURNS; y: tiles of TILE_ROWS rows t
// numerics: sums in f32 for every storage type; a row's sum does not depend on T
// source:   residual connections of Vaswani et al. 2017, section 3.1
// @use weights, lanes, tile

override WORKGROUP_SIZE: u32 = 64u;
// Scale groups a row of weights, units a group. The constants TURNS, TEAMS, UNITS (of weights in a row), QUADS, SCALES,
// ROW_LENGTH and X_LENGTH come with the variant: an array of known length is read without asking for it, which is slow on
// some compilers.
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;
// Bound to something else where 0.
override HAS_BIAS: u32 = 0u;
// 0: what y held is forgotten.
override ADDS: u32 = 1u;

struct Params {
  row_count: u32,
  x_row: u32,
  // Quad of all rows of W with which this part of them begins, and how many quads all are.
  first_quad: u32,
  all_quads: u32,
}
@group(0) @binding(0) var<storage, read> x: array<Loaded, X_LENGTH>;
@group(0) @binding(1) var<storage, read> weight: array<array<Unit, UNITS>, QUADS>;
@group(0) @binding(2) var<storage, read> scales: array<Scale, SCALES>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane) {
  run_tiles(lane);
}

fn emit(row: u32, quad_of_part: u32, product: vec4<f32>) {
  let quad = params.first_quad + quad_of_part;
  var sum = product;
  if (HAS_BIAS == 1u) {
    sum += bias[quad];
  }
  let at = row * params.all_quads + quad;
  if (ADDS == 1u) {
    sum += y[at];
  }
  y[at] = sum;
}
