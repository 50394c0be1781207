// weights: units of 4 rows by 4 columns in int8, one word a row; the scale of row and group is applied to sums.
// @use f32_scales
alias Unit = vec4<u32>;
alias Activation = vec4<f32>;
const UNIT_COLUMNS = 4u;
alias Input = vec4<f32>;

fn prepare(v: Activation) -> Input {
  return v;
}

// Shifts instead of unpack4xI8, which not every browser has.
fn times(u: Unit, v: Input) -> vec4<f32> {
  let rows = bitcast<vec4<i32>>(u);
  return vec4<f32>((rows << vec4<u32>(24u)) >> vec4<u32>(24u)) * v.x +
    vec4<f32>((rows << vec4<u32>(16u)) >> vec4<u32>(24u)) * v.y +
    vec4<f32>((rows << vec4<u32>(8u)) >> vec4<u32>(24u)) * v.z +
    vec4<f32>(rows >> vec4<u32>(24u)) * v.w;
}

fn square(v: Activation) -> f32 {
  return dot(v, v);
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return vec4<f32>((vec4<i32>(bitcast<i32>(u[i])) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
}
