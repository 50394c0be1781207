/** What a round of the fake session decides, and what it reads back once the text has ended. */
import type { RoundOutcome } from "../../src/decoding/session";

export interface Decision {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  readonly path: readonly number[];
  readonly origins?: readonly number[];
  readonly extra: RoundOutcome["extra"];
  readonly logp?: readonly number[];
  readonly r?: readonly number[];
  readonly d?: readonly number[];
  readonly acceptProb?: readonly number[];
  readonly u?: readonly number[];
  readonly verdict?: readonly number[];
}

const NO_FLOATS = new Float32Array();
const NO_INTS = new Uint32Array();
export const INACTIVE: RoundOutcome = {
  active: false,
  step: 0,
  n: 0,
  tokens: NO_INTS,
  logprobs: NO_FLOATS,
  path: NO_INTS,
  extra: "sample",
  stop: "none",
  logp: NO_FLOATS,
  r: NO_FLOATS,
  d: NO_FLOATS,
  acceptProb: NO_FLOATS,
  u: NO_FLOATS,
  verdict: NO_INTS,
};
