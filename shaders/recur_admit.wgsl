// recur_admit: which rows run a recurrence: exits by what the one before measured, by gates or by chosen depths, then those left, in order
// shapes:   rows [T,8], signals [T,8] of recurrence r - 1, of gates r, choices [T,R+1] -> memory [T,8] in place, active [T], run and plain rows [T,8], banks [S]
// grid:     one workgroup; lanes take consecutive rows
// numerics: comparisons in f32 with f32 thresholds
// source:   Geiping et al. 2025, section 5; Bae et al. 2025, section 2.2; src/decoding/depth/policy.ts says the same in words
// @use layouts, signals, depth_memory

override WORKGROUP_SIZE: u32 = 64u;

struct Params {
  // r, from 1: the one that rows are admitted to. One more than `most` closes the last.
  recurrence: u32,
  row_count: u32,
  criterion: u32,
  threshold: f32,
  least: u32,
  most: u32,
  check_every: u32,
  cache: u32,
  // Slots of a bank.
  slots: u32,
  // Rows with the largest gates that are let in, of all: capacity / shares of them.
  capacity: u32,
  shares: u32,
  // Words of a row of choices.
  choice_words: u32,
}
@group(0) @binding(0) var<storage, read> rows: array<u32>;
@group(0) @binding(1) var<storage, read> signals: array<u32>;
// The first word of a row: the depth that it chose.
@group(0) @binding(2) var<storage, read> choices: array<u32>;
@group(0) @binding(3) var<storage, read_write> memory: array<u32>;
@group(0) @binding(4) var<storage, read_write> active_rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> run_rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> plain_rows: array<u32>;
@group(0) @binding(7) var<storage, read_write> banks: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const FIXED = 0u;
const LATENT_DIFF = 1u;
const COSINE = 2u;
const KL = 3u;
const MIN_P_KL = 4u;
const ENTROPY_DIFF = 5u;
const ARGMAX_STABILITY = 6u;
const EXIT_GATE = 7u;
const GATE = 8u;
const GATE_TOP = 9u;
const CHOICE = 10u;

const CONVERGED = 1u;
const CAP = 2u;
const FORCED = 3u;
const IDLE = 4u;
const ROUTER = 5u;
const CHOSEN = 6u;

const LATEST = 0u;
const FIRST = 1u;
const PER_RECURRENCE = 2u;

var<workgroup> counts: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_id) id: vec3<u32>) {
  let share = (params.row_count + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
  let first = id.x * share;
  let end = min(first + share, params.row_count);
  var most = 0u;
  if (params.criterion == GATE_TOP && params.recurrence > 1u) {
    for (var row = first; row < end; row++) {
      memory[row * MEMORY_WORDS + MEMORY_RANK] = rank_of(row);
    }
    most = max(1u, present() * params.capacity / params.shares);
    // Ranks are of the rows as they were, before any is turned away.
    storageBarrier();
  }
  var count = 0u;
  for (var row = first; row < end; row++) {
    count += admit(row, most);
  }
  counts[id.x] = count;
  workgroupBarrier();
  var place = 0u;
  var total = 0u;
  for (var lane = 0u; lane < WORKGROUP_SIZE; lane++) {
    if (lane == id.x) {
      place = total;
    }
    total += counts[lane];
  }
  for (var row = first; row < end; row++) {
    if (memory[row * MEMORY_WORDS + MEMORY_EXIT] == 0u) {
      list(row, place);
      place++;
    }
  }
  for (var i = total + id.x; i < params.row_count; i += WORKGROUP_SIZE) {
    active_rows[i] = NONE;
    run_rows[i * ROW_WORDS + ROW_SLOT] = NONE;
    run_rows[i * ROW_WORDS + ROW_BOUND] = 0u;
    plain_rows[i * ROW_WORDS + ROW_SLOT] = NONE;
    plain_rows[i * ROW_WORDS + ROW_BOUND] = 0u;
  }
}

// How many of the rows that are asked come before this one: larger gates, and the same ones of earlier rows.
fn rank_of(row: u32) -> u32 {
  let own = gate_of(row);
  var rank = 0u;
  for (var other = 0u; other < params.row_count; other++) {
    let gate = gate_of(other);
    let is_before = gate > own || (gate == own && other < row);
    if (memory[other * MEMORY_WORDS + MEMORY_EXIT] == 0u && is_before) {
      rank++;
    }
  }
  return rank;
}

// Rows that are not idle.
fn present() -> u32 {
  var count = 0u;
  for (var row = 0u; row < params.row_count; row++) {
    count += select(1u, 0u, rows[row * ROW_WORDS + ROW_SLOT] == NONE);
  }
  return count;
}

fn gate_of(row: u32) -> f32 {
  return bitcast<f32>(signals[row * SIGNAL_WORDS + SIGNAL_GATE]);
}

// 1 if the row runs recurrence r, for which there is room for `most` if the best are let in. Its memory then says that it has had r.
fn admit(row: u32, most: u32) -> u32 {
  let at = row * MEMORY_WORDS;
  if (params.recurrence == 1u) {
    memory[at + MEMORY_RUN] = 0u;
    memory[at + MEMORY_ARGMAX] = NONE;
    // Entropy before the first recurrence: larger than any.
    memory[at + MEMORY_ENTROPY] = bitcast<u32>(100.0f);
    memory[at + MEMORY_STAY] = bitcast<u32>(1.0f);
    let is_idle = rows[row * ROW_WORDS + ROW_SLOT] == NONE;
    memory[at + MEMORY_EXIT] = select(0u, IDLE, is_idle);
    memory[at + MEMORY_DEPTH] = select(1u, 0u, is_idle);
    return select(1u, 0u, is_idle);
  }
  if (memory[at + MEMORY_EXIT] != 0u) {
    return 0u;
  }
  let had = params.recurrence - 1u;
  if (params.criterion == CHOICE) {
    let goes_on = choices[row * params.choice_words] > had && had < params.most;
    memory[at + MEMORY_EXIT] = select(CHOSEN, 0u, goes_on);
    memory[at + MEMORY_DEPTH] = select(had, params.recurrence, goes_on);
    return select(0u, 1u, goes_on);
  }
  if (params.criterion >= GATE && had < params.most) {
    let is_best = params.criterion == GATE_TOP && memory[at + MEMORY_RANK] < most;
    let is_open = params.criterion == GATE && gate_of(row) >= params.threshold;
    if (!is_best && !is_open) {
      memory[at + MEMORY_EXIT] = ROUTER;
      return 0u;
    }
  }
  let is_met = params.criterion < GATE && meets(row);
  let is_tested = had >= params.least && had % params.check_every == 0u;
  if (is_met && is_tested) {
    memory[at + MEMORY_EXIT] = CONVERGED;
    return 0u;
  }
  if (had >= params.most) {
    memory[at + MEMORY_EXIT] = select(CAP, FORCED, params.criterion == FIXED);
    return 0u;
  }
  memory[at + MEMORY_DEPTH] = params.recurrence;
  return 1u;
}

// Whether the criterion holds after recurrence r - 1; remembers what it must of it.
fn meets(row: u32) -> bool {
  let at = row * SIGNAL_WORDS;
  let kept = row * MEMORY_WORDS;
  let argmax = signals[at + SIGNAL_ARGMAX];
  let run = select(1u, memory[kept + MEMORY_RUN] + 1u, memory[kept + MEMORY_ARGMAX] == argmax);
  let entropy = bitcast<f32>(signals[at + SIGNAL_ENTROPY]);
  let before = bitcast<f32>(memory[kept + MEMORY_ENTROPY]);
  memory[kept + MEMORY_RUN] = run;
  memory[kept + MEMORY_ARGMAX] = argmax;
  memory[kept + MEMORY_ENTROPY] = bitcast<u32>(entropy);
  switch params.criterion {
    case LATENT_DIFF: {
      return bitcast<f32>(signals[at + SIGNAL_REL_CHANGE]) < params.threshold;
    }
    case COSINE: {
      return bitcast<f32>(signals[at + SIGNAL_COSINE]) < params.threshold;
    }
    case KL: {
      return bitcast<f32>(signals[at + SIGNAL_KL]) < params.threshold;
    }
    case MIN_P_KL: {
      return bitcast<f32>(signals[at + SIGNAL_MIN_P_KL]) < params.threshold;
    }
    case ENTROPY_DIFF: {
      return abs(entropy - before) < params.threshold;
    }
    case ARGMAX_STABILITY: {
      return f32(run) >= params.threshold;
    }
    case EXIT_GATE: {
      let stay = bitcast<f32>(memory[kept + MEMORY_STAY]) * (1.0 - gate_of(row));
      memory[kept + MEMORY_STAY] = bitcast<u32>(stay);
      return 1.0 - stay >= params.threshold;
    }
    default: {
      return false;
    }
  }
}

fn list(row: u32, place: u32) {
  active_rows[place] = row;
  let source = row * ROW_WORDS;
  let to = place * ROW_WORDS;
  for (var w = 0u; w < ROW_WORDS; w++) {
    let word = rows[source + w];
    run_rows[to + w] = word;
    plain_rows[to + w] = word;
  }
  let position = rows[source + ROW_POSITION];
  var bank = 0u;
  if (params.cache >= PER_RECURRENCE) {
    bank = params.recurrence - 1u;
  }
  let is_written = params.cache != FIRST || params.recurrence == 1u;
  run_rows[to + ROW_SLOT] = select(NONE, bank * params.slots + position, is_written);
  run_rows[to + ROW_BANK] = bank;
  run_rows[to + ROW_BANK_SLOTS] = params.slots;
  run_rows[to + ROW_BANK_EXACT] = select(0u, 1u, params.cache == PER_RECURRENCE);
  banks[position] = bank;
}
