// latent_start: z[p,:] = a z0 + b n, z0 fresh noise, zeros, e[p,:] or the latent as it is; or a copy of another latent
// shapes:   rows [T,8], starts [T,8], e [S,D] -> z [S,D] in place
// grid:     x: channels; y: rows
// numerics: f32; cosine by a polynomial, since that of WGSL may be off by 2^-11
// source:   Geiping et al. 2025, section 3.2; normal noise by Box and Muller 1958, its radius ending at three deviations
// @use layouts, rng, latent

override WORKGROUP_SIZE: u32 = 64u;
override BY_POSITION: u32 = 0u;

struct Params {
  dim: u32,
  seed: u32,
  sigma: f32,
  // 1: copies and nothing else, before any latent changes.
  copies: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> e: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

const RANDOM = 0u;
const ZERO = 1u;
const EMBEDDING = 2u;
const KEPT = 3u;
const COPY = 4u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let d = id.x;
  let row = id.y;
  if (d >= params.dim || !has_latent(row)) {
    return;
  }
  let kind = starts[row * START_WORDS + START_KIND];
  let at = latent_of(row) * params.dim + d;
  if (params.copies == 1u) {
    if (kind == COPY) {
      z[at] = z[starts[row * START_WORDS + START_SOURCE] * params.dim + d];
    }
    return;
  }
  let position = rows[row * ROW_WORDS + ROW_POSITION];
  var value = 0.0;
  if (kind == RANDOM) {
    value = noise(0u, PURPOSE_LATENT, position, d);
  } else if (kind == EMBEDDING) {
    value = e[at];
  } else if (kind != ZERO) {
    value = z[at];
  }
  let b = bitcast<f32>(starts[row * START_WORDS + START_NOISE]);
  if (b > 0.0) {
    value = bitcast<f32>(starts[row * START_WORDS + START_KEEP]) * value + b * noise(starts[row * START_WORDS + START_STEP], PURPOSE_LATENT_NOISE, position, d);
  }
  z[at] = value;
}

fn noise(step: u32, purpose: u32, position: u32, d: u32) -> f32 {
  let first = to_uniform(random_u32(params.seed, step, purpose, position, 0u, 2u * d));
  let second = to_uniform(random_u32(params.seed, step, purpose, position, 0u, 2u * d + 1u));
  // exp(-4.5): the radius ends at 3.
  let least = 0.011108996538242306;
  return params.sigma * sqrt(-2.0 * log(least + (1.0 - least) * first)) * cosine(second);
}

// cos(2 pi u) for u in [0, 1]: folded to sin(y) with y in [-pi/2, pi/2], then the series.
fn cosine(u: f32) -> f32 {
  let quarter = abs(u - 0.5);
  let y = 6.283185307179586 * (quarter - 0.25);
  let s = y * y;
  return y * (1.0 + s * (-0.16666666666666666 + s * (0.008333333333333333 + s * (-0.0001984126984126984 +
    s * (0.0000027557319223985893 + s * -0.000000025052108385441718)))));
}
