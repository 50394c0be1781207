// pack_weights: a plain matrix becomes blocks of 4 rows by 4 columns in the storage type, with scales where it has them
// shapes:   source [R,D] -> weight [O,D] in blocks from row `first_row` on, scales [O/4,groups,4]
// grid:     one invocation per scale group of a quad (without scales: per block), x over groups, y (folded into z) over quads
// numerics: f16 as pack2x16float rounds; int8 by max |w| / 127; int4 from -8 to 7, best of seven f16 scales; rows beyond R are zeros
// source:   Dettmers et al. 2022, LLM.int8(), section 2.1 (absmax quantization), by groups
// @use pack

override WORKGROUP_SIZE: u32 = 64u;
override BLOCKS: u32 = 1u;
override GROUPS: u32 = 1u;
override BLOCKS_PER_GROUP: u32 = 1u;

struct Params {
  // Quads of this source, its rows, and the quad of the result at which it starts.
  quads: u32,
  source_rows: u32,
  first_quad: u32,
}
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> weight: array<Packed>;
@group(0) @binding(2) var<storage, read_write> scales: array<Scale>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let quad = id.z * count.y + id.y;
  if (id.x < GROUPS && quad < params.quads) {
    pack_group(quad, id.x);
  }
}

// Four columns of one row.
fn source_at(quad: u32, i: u32, c: u32) -> vec4<f32> {
  let row = 4u * quad + i;
  if (row < params.source_rows) {
    return source[row * BLOCKS + c];
  }
  return vec4<f32>();
}

// Columns of rows: one block.
fn source_block(quad: u32, c: u32) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(
    source_at(quad, 0u, c),
    source_at(quad, 1u, c),
    source_at(quad, 2u, c),
    source_at(quad, 3u, c),
  ));
}
