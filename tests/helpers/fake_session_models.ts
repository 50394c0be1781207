/** Models for the fake session: a function from a context to logits, deterministic and as odd as a test wants. */
import { pcg4d } from "../../src/base/rng";
import type { ModelFacts } from "../../src/decoding/session";

export interface FakeModel extends ModelFacts {
  /** Logits [V] of the token after `context`, the whole text from position 0. */
  logits(context: readonly number[]): ArrayLike<number>;
}

/** A u32 that depends on every token of the context. */
const hashContext = (context: readonly number[], salt: number): number =>
  context.reduce((h, token, i) => pcg4d(h, token, i, salt)[0], salt);

export interface HashModelOptions {
  readonly vocabSize: number;
  /** Models of the same salt are equal. */
  readonly salt: number;
  /** Logits lie in [-spread, spread]. */
  readonly spread?: number;
  /** Only this many of the last tokens matter; all by default. */
  readonly order?: number;
  readonly endTokens?: readonly number[];
}

/** Logits are hashes of the context: any wrong token, order or position changes everything. */
export function hashModel(options: HashModelOptions): FakeModel {
  const { vocabSize, salt, spread = 2, order = Infinity, endTokens = [] } = options;
  return {
    id: `hash-${salt}`,
    vocabSize,
    endTokens,
    logits(context) {
      const h = hashContext(context.slice(-order), salt);
      return Float64Array.from(
        { length: vocabSize },
        (_, x) => (pcg4d(h, x, 1, salt)[0] / 2 ** 31 - 1) * spread,
      );
    },
  };
}

/** Mixes the logits of two models: weight 0 is `a`, 1 is `b`. Makes drafts that agree only so much. */
export function mixModel(a: FakeModel, b: FakeModel, weight: number): FakeModel {
  return {
    id: `mix-${a.id}-${b.id}-${weight}`,
    vocabSize: a.vocabSize,
    endTokens: a.endTokens,
    logits(context) {
      const other = b.logits(context);
      return Float64Array.from(a.logits(context), (v, x) => (1 - weight) * v + weight * other[x]!);
    },
  };
}

/** Prefers whatever `model` likes least. */
export function contraryModel(model: FakeModel): FakeModel {
  return {
    ...model,
    id: `not-${model.id}`,
    logits: (context) => Float64Array.from(model.logits(context), (v) => -v),
  };
}
