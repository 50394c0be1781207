/** Turns the bytes of a readback into what methods see; the inverse of kernels/layouts.ts. */
import type { RoundOutcome, TopTokens, TreeContents } from "../decoding/session";
import { Node, NONE, Outcome, OutcomeArray, outcomeArray } from "../kernels/layouts";

const EXTRA = ["bonus", "residual", "argmax", "sample"] as const;
const STOP = ["none", "end_token", "max_tokens", "context_full"] as const;

/**
 * `cap` is the number of nodes the tree has room for; 1 for rounds without a tree. `firstStep` is what the device
 * counts rounds from.
 */
export function decodeOutcome(bytes: ArrayBuffer, at: number, cap: number, firstStep: number): RoundOutcome {
  const u = new Uint32Array(bytes, at);
  const f = new Float32Array(bytes, at);
  const ints = (a: number, n: number): Uint32Array =>
    u.subarray(outcomeArray(a, cap), outcomeArray(a, cap) + n);
  const floats = (a: number, n: number): Float32Array =>
    f.subarray(outcomeArray(a, cap), outcomeArray(a, cap) + n);
  const emitted = u[Outcome.EMITTED]!;
  return {
    active: u[Outcome.ACTIVE] === 1,
    step: u[Outcome.STEP]! - firstStep,
    n: u[Outcome.N]!,
    tokens: ints(OutcomeArray.TOKENS, emitted),
    logprobs: floats(OutcomeArray.LOGPROBS, emitted),
    path: ints(OutcomeArray.PATH, Math.min(cap, u[Outcome.ACCEPTED]! + 1)),
    extra: EXTRA[u[Outcome.EXTRA]!] ?? "argmax",
    stop: STOP[u[Outcome.STOP]!] ?? "none",
    logp: floats(OutcomeArray.LOGP, cap),
    r: floats(OutcomeArray.R, cap),
    d: floats(OutcomeArray.D, cap),
    acceptProb: floats(OutcomeArray.ACCEPT, cap),
    u: floats(OutcomeArray.U, cap),
    verdict: ints(OutcomeArray.VERDICT, cap),
  };
}

/** Nodes of a tree with room for `cap`; absent ones have parent -2. */
export function decodeTree(bytes: ArrayBuffer, at: number, cap: number): TreeContents {
  const u = new Uint32Array(bytes, at);
  const f = new Float32Array(bytes, at);
  const ints = (field: number): Uint32Array => u.subarray(field * cap, field * cap + cap);
  const floats = (field: number): Float32Array => f.subarray(field * cap, field * cap + cap);
  const parent = Int32Array.from(ints(Node.PARENT), (p, i) => (p === NONE ? (i === 0 ? -1 : -2) : p));
  return {
    count: cap,
    token: ints(Node.TOKEN),
    parent,
    depth: ints(Node.DEPTH),
    sibling: ints(Node.SIBLING),
    logq: floats(Node.LOGQ),
    phi: floats(Node.PHI),
    perturbed: floats(Node.PERTURBED),
    // NONE is -1 as a signed number.
    origin: new Int32Array(bytes, at + 4 * Node.ORIGIN * cap, cap),
  };
}

/** Tokens u32 [rows, k], then logprobs f32 [rows, k]. */
export function decodeTop(bytes: ArrayBuffer, at: number, rows: number, k: number): TopTokens {
  return {
    rows,
    k,
    tokens: new Uint32Array(bytes, at, rows * k),
    logprobs: new Float32Array(bytes, at + 4 * rows * k, rows * k),
  };
}
