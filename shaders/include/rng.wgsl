// Counter-based random numbers, bit for bit those of src/base/rng.ts.

const PURPOSE_SAMPLE = 1u;
const PURPOSE_DRAFT = 2u;
const PURPOSE_ACCEPT = 3u;
const PURPOSE_FINAL = 4u;
const PURPOSE_PROPOSE = 16u;
const PURPOSE_LATENT = 32u;
const PURPOSE_LATENT_NOISE = 33u;

fn pcg4d(v0: vec4<u32>) -> vec4<u32> {
  var v = v0 * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4<u32>(16u);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

fn random_u32(seed: u32, step: u32, purpose: u32, node: u32, sibling: u32, index: u32) -> u32 {
  return pcg4d(vec4<u32>(seed, step, (purpose << 24u) | (node << 8u) | sibling, index)).x;
}

// Uniform in (0, 1): 23 bits and a half, since the largest of 24 bits and a half rounds to 1 in f32.
fn to_uniform(h: u32) -> f32 {
  return (f32(h >> 9u) + 0.5) * 0x1p-23f;
}

// Standard Gumbel noise; the two branches keep the upper tail to 2^-32 and never meet log(0).
fn to_gumbel(h: u32) -> f32 {
  let w = min((f32(h) + 0.5) * 0x1p-32f, 1.0 - 0x1p-24f);
  var e = w + 0.5 * w * w;
  if (w >= 0x1p-10f) {
    e = -log(1.0 - w);
  }
  return -log(e);
}
