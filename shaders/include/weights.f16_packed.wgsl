// weights: the bytes of weights.f16 for devices without f16: a unit is two words, rows 0 1 and rows 2 3.
// @use f32_scales
alias Unit = vec2<u32>;
alias Activation = f32;
alias Input = f32;
const UNIT_COLUMNS = 1u;

fn prepare(v: Activation) -> Input {
  return v;
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  return unpacked(u) * v;
}

fn square(v: Activation) -> f32 {
  return v * v;
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return unpacked(u)[i];
}

fn unpacked(u: Unit) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(u.x), unpack2x16float(u.y));
}
