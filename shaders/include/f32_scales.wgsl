// Scales of the four rows of a quad in f32: used by weights and pack of every storage type but int4.
alias Scale = vec4<f32>;

fn scale_of(s: Scale) -> vec4<f32> {
  return s;
}
