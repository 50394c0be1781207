// weights: units of 4 rows by 4 columns in int4, a word for two columns, row after row; the scale of row and group is
// applied to sums.
// @use f16_scales
alias Unit = vec2<u32>;
alias Activation = vec4<f32>;
alias Input = vec4<f32>;
const UNIT_COLUMNS = 4u;

fn prepare(v: Activation) -> Input {
  return v;
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  let first = vec4<i32>(bitcast<i32>(u.x));
  let second = vec4<i32>(bitcast<i32>(u.y));
  return vec4<f32>((first << vec4<u32>(28u, 24u, 20u, 16u)) >> vec4<u32>(28u)) * v.x +
    vec4<f32>((first << vec4<u32>(12u, 8u, 4u, 0u)) >> vec4<u32>(28u)) * v.y +
    vec4<f32>((second << vec4<u32>(28u, 24u, 20u, 16u)) >> vec4<u32>(28u)) * v.z +
    vec4<f32>((second << vec4<u32>(12u, 8u, 4u, 0u)) >> vec4<u32>(28u)) * v.w;
}

fn square(v: Activation) -> f32 {
  return dot(v, v);
}

fn unit_row(u: Unit, i: u32) -> Activation {
  let words = bitcast<vec4<i32>>(u.xxyy);
  return vec4<f32>((words << (vec4<u32>(28u, 12u, 28u, 12u) - 4u * i)) >> vec4<u32>(28u));
}
