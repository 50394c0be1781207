// pack: blocks and scales as weights.int8 and weights.int8_dot read them.
// @use f32_scales
alias Packed = vec4<u32>;

fn pack_group(quad: u32, group: u32) {
  let first = group * BLOCKS_PER_GROUP;
  let end = min(first + BLOCKS_PER_GROUP, BLOCKS);
  var largest = vec4<f32>();
  for (var c = first; c < end; c++) {
    let b = source_block(quad, c);
    largest = max(max(largest, max(abs(b[0]), abs(b[1]))), max(abs(b[2]), abs(b[3])));
  }
  scales[(params.first_quad + quad) * GROUPS + group] = largest / 127.0;
  let inverse = 127.0 / max(largest, vec4<f32>(1.0e-30));
  for (var c = first; c < end; c++) {
    let b = source_block(quad, c);
    var packed = vec4<u32>();
    for (var k = 0u; k < 4u; k++) {
      let whole = vec4<i32>(round(clamp(b[k] * inverse, vec4<f32>(-127.0), vec4<f32>(127.0))));
      packed |= (bitcast<vec4<u32>>(whole) & vec4<u32>(0xffu)) << vec4<u32>(8u * k);
    }
    weight[(params.first_quad + quad) * BLOCKS + c] = packed;
  }
}
