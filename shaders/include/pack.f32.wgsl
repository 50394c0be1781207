// pack: blocks as weights.f32 reads them.
// @use f32_scales
alias Packed = mat4x4<f32>;

fn pack_group(quad: u32, group: u32) {
  weight[(params.first_quad + quad) * BLOCKS + group] = source_block(quad, group);
}
