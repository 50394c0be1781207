/** Fresh latents of recurrent models, in float64. */
import { Purpose, uniformAt } from "../../src/base/rng";

/** exp(-4.5): with it the radius of the noise ends at three standard deviations. */
const LEAST = Math.exp(-4.5);

/**
 * Normal noise of standard deviation `sigma` whose radius ends at 3 sigma, keyed by seed, step, position and channel.
 * @see Box and Muller 1958
 */
export function latentNoise(
  seed: number,
  position: number,
  dim: number,
  sigma: number,
  step = 0,
  purpose: Purpose = Purpose.LATENT,
): Float64Array<ArrayBuffer> {
  const uniform = (index: number): number =>
    uniformAt({ seed, step, purpose, node: position, sibling: 0, index });
  return Float64Array.from({ length: dim }, (_, d) => {
    const radius = Math.sqrt(-2 * Math.log(LEAST + (1 - LEAST) * uniform(2 * d)));
    return sigma * radius * Math.cos(2 * Math.PI * uniform(2 * d + 1));
  });
}
