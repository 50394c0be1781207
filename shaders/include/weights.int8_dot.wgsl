requires packed_4x8_integer_dot_product;
// weights: the bytes of weights.int8, multiplied as integers: x is rounded to int8 too, with a scale per 4 columns.
// @use f32_scales
alias Unit = vec4<u32>;
alias Activation = vec4<f32>;
const UNIT_COLUMNS = 4u;
struct Input {
  packed: u32,
  scale: f32,
}

fn prepare(v: Activation) -> Input {
  let m = max(max(abs(v.x), abs(v.y)), max(abs(v.z), abs(v.w)));
  // A unit of zeros keeps scale 0, and the quotient stays finite.
  return Input(pack4xI8(vec4<i32>(round(v * (127.0 / max(m, 1.0e-30))))), m / 127.0);
}

fn times(u: Unit, v: Input) -> vec4<f32> {
  return vec4<f32>(vec4<i32>(
    dot4I8Packed(u.x, v.packed),
    dot4I8Packed(u.y, v.packed),
    dot4I8Packed(u.z, v.packed),
    dot4I8Packed(u.w, v.packed),
  )) * v.scale;
}

fn square(v: Activation) -> f32 {
  return dot(v, v);
}

fn unit_row(u: Unit, i: u32) -> Activation {
  return vec4<f32>(unpack4xI8(u[i]));
}
