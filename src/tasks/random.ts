/** Random choices for problems, the same on every machine: pcg4d of a seed, a stream and a counter. */
import { pcg4d } from "../base/rng";

export class Random {
  #next = 0;

  /** Streams of one seed are independent of each other. */
  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {}

  /** Uniform whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    const [h] = pcg4d(this.seed >>> 0, this.stream >>> 0, this.#next++, 0x7461736b);
    return least + Math.floor((h * (most - least + 1)) / 2 ** 32);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.whole(0, items.length - 1)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  /** The items in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [order[i], order[j]] = [order[j] as T, order[i] as T];
    }
    return order;
  }

  /** `count` different items in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    return this.shuffled(items).slice(0, count);
  }
}
