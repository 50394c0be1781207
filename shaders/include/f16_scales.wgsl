// Scales of the four rows of a quad in f16, two a word: used by weights.int4 and pack.int4.
alias Scale = vec2<u32>;

fn scale_of(s: Scale) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(s.x), unpack2x16float(s.y));
}
