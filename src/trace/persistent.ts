/**
 * Persistent collections: every change returns a new value that shares almost everything with the old one, so a
 * view of each moment of a run can be kept and compared by reference. Only what the fold needs.
 */

const BITS = 5;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;

/** Inner nodes hold nodes, leaves hold values; which is which follows from the depth. */
type TrieNode = readonly unknown[];

function setIn(node: TrieNode | undefined, level: number, id: number, value: unknown): TrieNode {
  const copy = node ? node.slice() : [];
  const at = Math.floor(id / WIDTH ** level) & MASK;
  copy[at] = level === 0 ? value : setIn(copy[at] as TrieNode | undefined, level - 1, id, value);
  return copy;
}

/** Persistent map from integers in [0, 2^32) to values, as a trie of 32-way nodes; `get` and `set` are O(log32 id). */
export class IdMap<T> {
  private constructor(
    private readonly root: TrieNode,
    private readonly levels: number,
  ) {}

  static empty<T>(): IdMap<T> {
    return new IdMap<T>([], 0);
  }

  get(id: number): T | undefined {
    if (!(id >= 0) || id >= WIDTH ** (this.levels + 1)) return undefined;
    let node: TrieNode | undefined = this.root;
    for (let level = this.levels; level > 0 && node; level--)
      node = node[Math.floor(id / WIDTH ** level) & MASK] as TrieNode | undefined;
    return node?.[id & MASK] as T | undefined;
  }

  /** The values of ids from `32 k` to `32 k + 31` as they are stored: the same array as long as none of them changes. */
  leaf(k: number): readonly T[] | undefined {
    let node: TrieNode | undefined = this.root;
    for (let level = this.levels; level > 0 && node; level--)
      node = node[Math.floor(k / WIDTH ** (level - 1)) & MASK] as TrieNode | undefined;
    return node as readonly T[] | undefined;
  }

  set(id: number, value: T): IdMap<T> {
    let { root, levels } = this;
    while (id >= WIDTH ** (levels + 1)) {
      root = [root];
      levels++;
    }
    return new IdMap<T>(setIn(root, levels, id, value), levels);
  }
}

/** Persistent list. Appending and replacing are O(log32 length); cutting the end off is O(1). */
export class Vector<T> implements Iterable<T> {
  private array: readonly T[] | null = null;

  private constructor(
    private readonly map: IdMap<T>,
    readonly length: number,
  ) {}

  static empty<T>(): Vector<T> {
    return new Vector<T>(IdMap.empty<T>(), 0);
  }

  /** The value at an index; negative indices count from the end; undefined outside. */
  at(index: number): T | undefined {
    const i = index < 0 ? this.length + index : index;
    return i >= 0 && i < this.length ? this.map.get(i) : undefined;
  }

  push(value: T): Vector<T> {
    return new Vector<T>(this.map.set(this.length, value), this.length + 1);
  }

  /** Replaces the value at an index from 0 to length - 1. */
  set(index: number, value: T): Vector<T> {
    return new Vector<T>(this.map.set(index, value), this.length);
  }

  /** The first `length` values. */
  take(length: number): Vector<T> {
    return length >= this.length ? this : new Vector<T>(this.map, Math.max(0, length));
  }

  /** All values as an array, made once for each vector and then kept. */
  toArray(): readonly T[] {
    this.array ??= this.parts().flatMap((part) => part);
    return this.array;
  }

  /** The values from `start` up to before `end`, as an array. */
  slice(start: number, end = this.length): T[] {
    const from = Math.max(0, start);
    return Array.from(
      { length: Math.max(0, Math.min(end, this.length) - from) },
      (_, i) => this.map.get(from + i) as T,
    );
  }

  /**
   * All values in parts of 32, the last one shorter. Parts in which nothing changed are the same arrays in every version that has
   * them whole, so that what is made of them can be kept.
   */
  parts(): readonly (readonly T[])[] {
    return Array.from({ length: Math.ceil(this.length / WIDTH) }, (_, k) => {
      const leaf = this.map.leaf(k)!;
      const length = Math.min(WIDTH, this.length - k * WIDTH);
      return leaf.length === length ? leaf : leaf.slice(0, length);
    });
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.map.get(i) as T;
  }
}
