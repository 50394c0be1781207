// weights: the same in a texture, one texel for four rows of a column, for adapters that sample faster than they load.
// @use f32_units

@group(0) @binding(14) var texels: texture_2d<f32>;
@group(0) @binding(15) var nearest: sampler;

// The texel at `at` and the three after it; `texel` is the size of one.
fn sample_unit(at: vec2<f32>, texel: f32) -> Unit {
  return Unit(
    sample(at),
    sample(at + vec2<f32>(texel, 0.0)),
    sample(at + vec2<f32>(2.0 * texel, 0.0)),
    sample(at + vec2<f32>(3.0 * texel, 0.0)),
  );
}

// Sampling asks for no bounds, as textureLoad does.
fn sample(at: vec2<f32>) -> vec4<f32> {
  return textureSampleLevel(texels, nearest, at, 0.0);
}
