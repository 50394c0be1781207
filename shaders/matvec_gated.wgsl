// matvec_gated: hidden[t,j] = f(g) u with g, u = rows 2j, 2j+1 of W rmsnorm(x[t,:]) + bias; f is SiLU or tanh-GELU
// shapes:   x [T,D], weight [part of 2F,D] in quads with gate and up rows in turn, scales, bias [2F] -> hidden [T,F]
// grid:     x: workgroups that share the tiles of TILE_QUADS quads of rows, in TURNS; y: tiles of TILE_ROWS rows t
// numerics: sums in f32; the gain of the norm is folded into weight, 1 / rms is applied to the sums
// source:   Shazeer 2020, GLU variants; Zhang and Sennrich 2019, RMSNorm
// @use weights, lanes, tile

override WORKGROUP_SIZE: u32 = 64u;
// Scale groups a row of weights, units a group. The constants TURNS, TEAMS, UNITS (of weights in a row), QUADS, SCALES,
// ROW_LENGTH and X_LENGTH come with the variant: an array of known length is read without asking for it, which is slow on
// some compilers.
override GROUPS: u32 = 1u;
override UNITS_PER_GROUP: u32 = 1u;
// 0: SiLU, 1: GELU by tanh.
override ACTIVATION: u32 = 0u;
// Bound to something else where 0.
override HAS_BIAS: u32 = 0u;

struct Params {
  row_count: u32,
  x_row: u32,
  eps: f32,
  // Quad of all rows of W with which this part of them begins, and how many quads all are.
  first_quad: u32,
  all_quads: u32,
}
@group(0) @binding(0) var<storage, read> x: array<Loaded, X_LENGTH>;
@group(0) @binding(1) var<storage, read> weight: array<array<Unit, UNITS>, QUADS>;
@group(0) @binding(2) var<storage, read> scales: array<Scale, SCALES>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> hidden: array<vec2<f32>>;
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
  hidden[row * params.all_quads + quad] = activate(sum.xz) * sum.yw;
}

fn activate(g: vec2<f32>) -> vec2<f32> {
  if (ACTIVATION == 1u) {
    // tanh of large arguments overflows in some drivers.
    let z = clamp(0.7978845608 * (g + 0.044715 * g * g * g), vec2<f32>(-15.0), vec2<f32>(15.0));
    return 0.5 * g * (1.0 + tanh(z));
  }
  // exp must not overflow; silu is 0 to f32 below -80.
  return g / (1.0 + exp(min(-g, vec2<f32>(80.0))));
}
