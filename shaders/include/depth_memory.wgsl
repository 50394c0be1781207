// What is kept of a row from recurrence to recurrence: the words of one row of `memory`, as in src/kernels/recur_admit.ts.

const MEMORY_WORDS = 8u;
const MEMORY_DEPTH = 0u;
// 0 while the row runs on.
const MEMORY_EXIT = 1u;
const MEMORY_RUN = 2u;
const MEMORY_ARGMAX = 3u;
const MEMORY_ENTROPY = 4u;
const MEMORY_RANK = 5u;
const MEMORY_STAY = 6u;
