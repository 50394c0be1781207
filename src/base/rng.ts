/**
 * Counter-based random numbers, bit for bit the same in WGSL (`shaders/include/rng.wgsl`).
 * Every draw is addressed by (seed, step, purpose, node, sibling, index); nothing is stateful.
 */

/** What a random number is for; part of its address, so that no number is ever used twice. */
export const Purpose = {
  /** Gumbel noise of a plain draw from a law. */
  SAMPLE: 1,
  /** Gumbel noise that draws the children of a tree node. */
  DRAFT: 2,
  /** Uniform of an acceptance test. */
  ACCEPT: 3,
  /** Gumbel noise of the last token of a round (bonus or residual). */
  FINAL: 4,
  /** Gumbel noise of the token proposed at a position of a canvas; `node` is the position, `index` the token. */
  PROPOSE: 16,
  /** Uniform that ranks a position of a canvas in random order; `node` is the position. */
  RANK: 17,
  /** Uniform that decides whether a masked position is committed in a step; `node` is the position. */
  TRANSITION: 18,
  /** Uniforms of a fresh latent; `node` is the position, `index` twice the channel and one more; `step` is 0. */
  LATENT: 32,
  /** The same of noise that is mixed into a latent in a step. */
  LATENT_NOISE: 33,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/**
 * Four scrambled u32 from four u32.
 * @see Jarzynski and Olano 2020, Hash Functions for GPU Rendering (pcg4d)
 */
export function pcg4d(x: number, y: number, z: number, w: number): [number, number, number, number] {
  x = (Math.imul(x, 1664525) + 1013904223) | 0;
  y = (Math.imul(y, 1664525) + 1013904223) | 0;
  z = (Math.imul(z, 1664525) + 1013904223) | 0;
  w = (Math.imul(w, 1664525) + 1013904223) | 0;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

/** The address of one random number. `node` < 65,536, `sibling` < 256. */
export interface RandomAddress {
  readonly seed: number;
  readonly step: number;
  readonly purpose: Purpose;
  readonly node: number;
  readonly sibling: number;
  readonly index: number;
}

/** u32 at an address. */
export function randomU32(a: RandomAddress): number {
  const key = ((a.purpose << 24) | (a.node << 8) | a.sibling) >>> 0;
  return pcg4d(a.seed >>> 0, a.step >>> 0, key, a.index >>> 0)[0];
}

/** Uniform in (0, 1), never 0 or 1 even in f32: 23 bits and a half. */
export function toUniform(h: number): number {
  return ((h >>> 9) + 0.5) * 2 ** -23;
}

/** Standard Gumbel noise, finite for every h (largest about 22). */
export function toGumbel(h: number): number {
  const w = Math.min((h + 0.5) * 2 ** -32, 1 - 2 ** -24);
  const e = w < 2 ** -10 ? w + (w * w) / 2 : -Math.log(1 - w);
  return -Math.log(e);
}

export const uniformAt = (a: RandomAddress): number => toUniform(randomU32(a));
export const gumbelAt = (a: RandomAddress): number => toGumbel(randomU32(a));
