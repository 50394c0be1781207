// What state-space kernels compute of single numbers. `steps` holds for each row and head: the step dt, the logarithm of what is
// left of the chunk's first state after this row, dt times what is left of this row at the chunk's end, and what is left of the
// chunk's first state.

// exp must not overflow; silu is 0 to f32 below -80.
fn silu(x: f32) -> f32 {
  return x / (1.0 + exp(min(-x, 80.0)));
}

// log(1 + exp(x)). For a small e = exp(-|x|), 1 + e forgets most of e: instead log(1 + e) = 2 atanh(s) with s = e / (2 + e) <= 1/3,
// as a series whose rest is below 2^-28 of it.
fn softplus(x: f32) -> f32 {
  let e = exp(-abs(x));
  let s = e / (2.0 + e);
  let q = s * s;
  let series = 1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0))))));
  return max(x, 0.0) + 2.0 * s * series;
}
