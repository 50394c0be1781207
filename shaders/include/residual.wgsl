// Rules of verification, and rejection sampling in scalars: the residual law at a token from the two laws and the scalars
// of the node's children. Uses `layouts`.

// The same numbers as `Rule` in src/kernels/verify_tree.ts.
const RULE_RECURSIVE_REJECTION = 0u;
const RULE_GREEDY = 1u;
const RULE_MULTI_ROUND = 2u;
const RULE_SAMPLE_AND_MATCH = 3u;
const RULE_K_SEQ = 4u;

const MAX_CHILDREN = 64u;
// Below this probability of rejecting, a child is accepted: the residual would be a quotient of rounding errors.
const CERTAIN = 1.0e-7;

// Fields of the scalars buffer [8,cap], by child: log of the draft mass left at its draw, probability of accepting it,
// mass of relu(r - d), residual target and draft probability when tested, log of the target law. By node: the token that
// ends a path there (argmax or draw of the target law). The last field holds partial results of the final draw.
const SCALAR_LOG_LEFT = 0u;
const SCALAR_ACCEPT = 1u;
const SCALAR_Z = 2u;
const SCALAR_R = 3u;
const SCALAR_D = 4u;
const SCALAR_LOGP = 5u;
const SCALAR_NODE = 6u;
const SCALAR_PARTIAL = 7u;
// K-SEQ has neither a draft mass left nor a mass for each child: in their place, at every child of a node, its beta and the
// probability of accepting any of them; and in place of a token, by node, its rho.
const SCALAR_BETA = SCALAR_LOG_LEFT;
const SCALAR_ANY = SCALAR_Z;
const SCALAR_RHO = SCALAR_NODE;

// Where a workgroup of the final draw leaves its best: the value, and after it the token, a small integer, exact in f32.
fn partial_at(cap: u32, group: u32) -> u32 {
  return SCALAR_PARTIAL * cap + 2u * group;
}

var<private> kid_token: array<u32, MAX_CHILDREN>;
var<private> kid_log_left: array<f32, MAX_CHILDREN>;
var<private> kid_z: array<f32, MAX_CHILDREN>;

// Which child has token x: m if none of the first m.
fn kid_of(x: u32, m: u32) -> u32 {
  var i = 0u;
  while (i < m && kid_token[i] != x) {
    i++;
  }
  return i;
}

// Which of the first m children takes token x out of the law of its younger siblings; m if none does.
fn taker_of(x: u32, m: u32, rule: u32) -> u32 {
  if (rule == RULE_MULTI_ROUND) {
    return m;
  }
  return kid_of(x, m);
}

// Whether a path ends at a token that its node has drawn already, so that a child stays if it is that token.
fn is_point_rule(rule: u32) -> bool {
  return rule == RULE_GREEDY || rule == RULE_SAMPLE_AND_MATCH;
}

// d_j(x), the law child j was drawn from; `kid` = taker_of(x).
fn draw_prob(logq: f32, kid: u32, j: u32) -> f32 {
  return select(exp(min(logq - kid_log_left[j], 0.0)), 0.0, kid < j || logq <= 0.5 * MASKED);
}

// r_j(x): the target law left after children 0 .. j-1 were rejected.
fn residual_prob(logp: f32, logq: f32, kid: u32, j: u32) -> f32 {
  var r = exp(max(logp, -100.0));
  r = select(r, 0.0, logp <= -100.0);
  for (var i = 0u; i < j; i++) {
    r = max(0.0, r - draw_prob(logq, kid, i)) / max(kid_z[i], CERTAIN);
  }
  return r;
}
