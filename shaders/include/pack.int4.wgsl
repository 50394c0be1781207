// pack: blocks and scales as weights.int4 reads them.
// @use f16_scales
alias Packed = vec2<u32>;

// Steps of 1/20 by which the scale may be smaller than the one that the largest weight asks for.
const SMALLER = 7u;

fn pack_group(quad: u32, group: u32) {
  let first = group * BLOCKS_PER_GROUP;
  let end = min(first + BLOCKS_PER_GROUP, BLOCKS);
  // With its sign: the largest weight becomes -8, which has no partner above.
  var largest = vec4<f32>();
  for (var c = first; c < end; c++) {
    let b = source_block(quad, c);
    for (var k = 0u; k < 4u; k++) {
      largest = select(largest, b[k], abs(b[k]) > abs(largest));
    }
  }
  var best = vec4<f32>();
  var least = vec4<f32>(3.0e38);
  for (var i = 0u; i < SMALLER; i++) {
    let scale = stored(largest * ((1.0 - 0.05 * f32(i)) / -8.0));
    var error = vec4<f32>();
    for (var c = first; c < end; c++) {
      let b = source_block(quad, c);
      for (var k = 0u; k < 4u; k++) {
        let missing = b[k] - vec4<f32>(nearest(b[k], scale)) * scale;
        error += missing * missing;
      }
    }
    best = select(best, scale, error < least);
    least = min(least, error);
  }
  scales[(params.first_quad + quad) * GROUPS + group] = words(best);
  for (var c = first; c < end; c++) {
    let b = source_block(quad, c);
    weight[(params.first_quad + quad) * BLOCKS + c] = vec2<u32>(
      column(nearest(b[0], best)) | (column(nearest(b[1], best)) << 16u),
      column(nearest(b[2], best)) | (column(nearest(b[3], best)) << 16u),
    );
  }
}

// A number beyond the range of f16 becomes its largest.
fn words(v: vec4<f32>) -> Scale {
  let s = clamp(v, vec4<f32>(-65504.0), vec4<f32>(65504.0));
  return vec2<u32>(pack2x16float(s.xy), pack2x16float(s.zw));
}

fn stored(v: vec4<f32>) -> vec4<f32> {
  return scale_of(words(v));
}

fn nearest(v: vec4<f32>, scale: vec4<f32>) -> vec4<i32> {
  let steps = select(v / scale, vec4<f32>(), scale == vec4<f32>());
  return vec4<i32>(round(clamp(steps, vec4<f32>(-8.0), vec4<f32>(7.0))));
}

// Four rows of a column, four bits each.
fn column(rows: vec4<i32>) -> u32 {
  let bits = (bitcast<vec4<u32>>(rows) & vec4<u32>(15u)) << vec4<u32>(0u, 4u, 8u, 12u);
  return bits.x | bits.y | bits.z | bits.w;
}
