// weights: units of 4 rows by 1 column in f32.
// @use f32_scales
alias Unit = vec4<f32>;
alias Activation = f32;
alias Input = f32;
const UNIT_COLUMNS = 1u;

fn prepare(v: Activation) -> Input {
  return v;
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  return u * v;
}

fn square(v: Activation) -> f32 {
  return v * v;
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return u[i];
}
