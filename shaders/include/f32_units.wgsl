// Units of 4 rows by 4 columns in f32: used by weights.f32_block and weights.f32_texels.
// @use f32_scales
alias Unit = mat4x4<f32>;
alias Activation = vec4<f32>;
alias Input = vec4<f32>;
const UNIT_COLUMNS = 4u;

fn prepare(v: Activation) -> Input {
  return v;
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  return u * v;
}

fn square(v: Activation) -> f32 {
  return dot(v, v);
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return vec4<f32>(u[0][i], u[1][i], u[2][i], u[3][i]);
}
