// readout_signals: KL(p, q) of the readouts before and after a recurrence, plain and min-p flattened, entropy and argmax of q
// shapes:   active [T], logits [T,V] by place, before [T,V] by row in place -> signals [T,8] as in src/kernels/latents.ts
// grid:     one workgroup per active row, on y; lanes stride over the vocabulary
// numerics: f32, sums of exp(x - max); ties go to the smaller index; without a readout before, p is uniform
// source:   Geiping et al. 2025, section 5 (exit by KL); recursion.md 3.4
// @use reduce, layouts, active, signals

override WORKGROUP_SIZE: u32 = 64u;
override SUBGROUP_MIN: u32 = 0u;

struct Params {
  vocab_size: u32,
  has_before: u32,
}
@group(0) @binding(0) var<storage, read> active_rows: array<u32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> before: array<f32>;
@group(0) @binding(3) var<storage, read_write> signals: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

fn before_at(at: u32) -> f32 {
  if (params.has_before == 0u) {
    return 0.0;
  }
  return before[at];
}

// The logarithm of a probability, below a tenth of the largest that of 1 / V.
fn flat(z: f32, log_sum: f32) -> f32 {
  return select(-log(f32(params.vocab_size)), z - log_sum, z >= log(0.1));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(lane: Lane, @builtin(workgroup_id) group: vec3<u32>) {
  let i = group.y;
  let row = active_row(i);
  if (row == NONE) {
    return;
  }
  let v = params.vocab_size;
  let now = i * v;
  let old = row * v;
  var best = Best(2.0 * MASKED, NONE);
  var most = 2.0 * MASKED;
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    best = better(best, Best(logits[now + x], x));
    most = max(most, before_at(old + x));
  }
  best = reduce_argmax(lane, best);
  most = reduce_max(lane, most);
  // Sums of exp for q, p; then those of their flattened laws, which need the first two.
  var sums = vec4<f32>(0.0);
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    sums += vec4<f32>(exp(logits[now + x] - best.value), exp(before_at(old + x) - most), 0.0, 0.0);
  }
  let totals = log(reduce_sum4(lane, sums).xy);
  var plain = vec4<f32>(0.0);
  var flattened = vec4<f32>(0.0);
  for (var x = lane.id; x < v; x += WORKGROUP_SIZE) {
    let z = logits[now + x] - best.value;
    let y = before_at(old + x) - most;
    let q = z - totals.x;
    let p = y - totals.y;
    plain += vec4<f32>(exp(p) * (p - q), exp(q) * q, 0.0, 0.0);
    let fq = flat(z, totals.x);
    let fp = flat(y, totals.y);
    flattened += vec4<f32>(exp(fp) * (fp - fq), exp(fp), exp(fq), 0.0);
    before[old + x] = logits[now + x];
  }
  plain = reduce_sum4(lane, plain);
  flattened = reduce_sum4(lane, flattened);
  if (lane.id == 0u) {
    let at = SIGNAL_WORDS * row;
    signals[at + SIGNAL_KL] = bitcast<u32>(plain.x);
    signals[at + SIGNAL_MIN_P_KL] = bitcast<u32>(flattened.x / flattened.y - log(flattened.y) + log(flattened.z));
    signals[at + SIGNAL_ENTROPY] = bitcast<u32>(-plain.y);
    signals[at + SIGNAL_ARGMAX] = best.index;
    signals[at + SIGNAL_LOG_SUM_EXP] = bitcast<u32>(best.value + totals.x);
  }
}
