// Layouts of the buffers that kernels share; the same numbers as src/kernels/layouts.ts, and a test compares them.

const NONE = 0xffffffffu;
const MASKED = -1.0e30f;

const CTL_N = 0u;
const CTL_STEP = 1u;
const CTL_DONE = 2u;
const CTL_LIMIT = 3u;
const CTL_SEED = 4u;
const CTL_CONTEXT = 5u;
const CTL_ACCEPTED = 6u;
const CTL_BASE = 7u;
const CTL_END = 8u;

const ROW_TOKEN = 0u;
const ROW_POSITION = 1u;
const ROW_SLOT = 2u;
const ROW_BOUND = 3u;
const ROW_WINDOW = 4u;
const ROW_LIST_START = 5u;
const ROW_LIST_LENGTH = 6u;
const ROW_BANK = 4u;
const ROW_BANK_SLOTS = 5u;
const ROW_BANK_EXACT = 6u;

const NODE_TOKEN = 0u;
const NODE_PARENT = 1u;
const NODE_DEPTH = 2u;
const NODE_SIBLING = 3u;
const NODE_FIRST_CHILD = 4u;
const NODE_CHILD_COUNT = 5u;
const NODE_LOGQ = 6u;
const NODE_PHI = 7u;
const NODE_PERTURBED = 8u;
const NODE_ORIGIN = 9u;

const OUT_ACTIVE = 0u;
const OUT_STEP = 1u;
const OUT_N = 2u;
const OUT_EMITTED = 3u;
const OUT_ACCEPTED = 4u;
const OUT_EXTRA = 5u;
const OUT_STOP = 6u;
const OUT_FINAL_NODE = 7u;
const OUT_FINAL_REJECTED = 8u;
const OUT_FINAL_TOKEN = 9u;

const OUT_ARRAY_PATH = 0u;
const OUT_ARRAY_TOKENS = 1u;
const OUT_ARRAY_LOGPROBS = 2u;
const OUT_ARRAY_LOGP = 3u;
const OUT_ARRAY_R = 4u;
const OUT_ARRAY_D = 5u;
const OUT_ARRAY_ACCEPT = 6u;
const OUT_ARRAY_U = 7u;
const OUT_ARRAY_VERDICT = 8u;
const OUT_ARRAY_ORIGINS = 9u;

const ROW_WORDS = 8u;
const ROW_BIT_WORDS = 8u;
const OUT_HEAD = 16u;
