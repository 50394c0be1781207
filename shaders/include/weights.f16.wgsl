enable f16;
// weights: units of 4 rows by 1 column in f16, read natively; sums stay in f32.
// @use f32_scales
alias Unit = vec4<f16>;
alias Activation = f32;
alias Input = f32;
const UNIT_COLUMNS = 1u;

fn prepare(v: Activation) -> Input {
  return v;
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  return vec4<f32>(u) * v;
}

fn square(v: Activation) -> f32 {
  return v * v;
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return f32(u[i]);
}
