// weights: the units and the results of weights.int8, without shifts, which some software adapters do lane by lane.
// @use f32_scales
alias Unit = vec4<u32>;
alias Activation = vec4<f32>;
const UNIT_COLUMNS = 4u;
alias Input = vec4<f32>;

// Bytes are read where they stand in their word, 2^8, 2^16 and 2^24 times too large: x makes up for it, exactly.
fn prepare(v: Activation) -> Input {
  return v * vec4<f32>(1.0, 0.00390625, 0.0000152587890625, 0.000000059604644775390625);
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  // 128 more in each byte, so that none is negative; the last has the sign of its word and needs none.
  let raised = u ^ vec4<u32>(0x00808080u);
  return (vec4<f32>(vec4<i32>(raised & vec4<u32>(0xffu))) - 128.0) * v.x +
    (vec4<f32>(vec4<i32>(raised & vec4<u32>(0xff00u))) - 32768.0) * v.y +
    (vec4<f32>(vec4<i32>(raised & vec4<u32>(0xff0000u))) - 8388608.0) * v.z +
    vec4<f32>(bitcast<vec4<i32>>(u & vec4<u32>(0xff000000u))) * v.w;
}

fn square(v: Activation) -> f32 {
  return dot(v, v);
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return vec4<f32>((vec4<i32>(bitcast<i32>(u[i])) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
}
