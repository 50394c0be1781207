// pack: blocks as weights.f16 and weights.f16_packed read them.
// @use f32_scales
alias Packed = array<vec2<u32>, 4>;

fn pack_group(quad: u32, group: u32) {
  let at = (params.first_quad + quad) * BLOCKS + group;
  let b = source_block(quad, group);
  weight[at] = Packed(words(b[0]), words(b[1]), words(b[2]), words(b[3]));
}

// A number beyond the range of f16 becomes its largest: infinities would poison every sum.
fn words(v: vec4<f32>) -> vec2<u32> {
  let w = clamp(v, vec4<f32>(-65504.0), vec4<f32>(65504.0));
  return vec2<u32>(pack2x16float(w.xy), pack2x16float(w.zw));
}
