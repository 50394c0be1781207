// silu_mul: y[i] = silu(gate[i]) * up[i], silu(g) = g / (1 + exp(-g))
// shapes:   gate [N], up [N] -> y [N]
// grid:     one invocation per element, x folded into y
// numerics: f32; exp is kept from overflowing
// source:   Shazeer 2020, GLU variants

override WORKGROUP_SIZE: u32 = 64u;

struct Params {
  count: u32,
}
@group(0) @binding(0) var<storage, read> gate: array<f32>;
@group(0) @binding(1) var<storage, read> up: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = id.y * count.x * WORKGROUP_SIZE + id.x;
  if (i < params.count) {
    let g = gate[i];
    y[i] = g / (1.0 + exp(min(-g, 80.0))) * up[i];
  }
}
