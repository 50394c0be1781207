// What is measured of a row in one recurrence: the words of one row of `signals`, as in src/kernels/latents.ts.

const SIGNAL_WORDS = 8u;
const SIGNAL_REL_CHANGE = 0u;
const SIGNAL_COSINE = 1u;
const SIGNAL_KL = 2u;
const SIGNAL_MIN_P_KL = 3u;
const SIGNAL_ENTROPY = 4u;
const SIGNAL_ARGMAX = 5u;
const SIGNAL_GATE = 6u;
const SIGNAL_LOG_SUM_EXP = 7u;
