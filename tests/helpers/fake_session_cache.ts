/** The cache of a fake model: slots hold (token, position), and every row must see exactly its own context. */
import { compactSlots } from "../reference/compact_slots";

/** One row of a forward pass. */
export interface FakeRow {
  readonly token: number;
  readonly position: number;
  readonly slot: number;
  /** All slots below are visible, and so are `others`, and the row's own. */
  readonly bound: number;
  readonly others: readonly number[];
  /** Every token of the text up to and including the row's, as it should be spelled. */
  readonly context: readonly number[];
}

interface Entry {
  readonly token: number;
  readonly position: number;
}

export class FakeCache {
  private readonly slots: (Entry | undefined)[] = [];

  constructor(private readonly name: string) {}

  /** Fills slots 0 .. with committed tokens, as a prefill does. */
  fill(tokens: readonly number[]): void {
    tokens.forEach((token, position) => (this.slots[position] = { token, position }));
  }

  write(row: FakeRow): void {
    this.slots[row.slot] = { token: row.token, position: row.position };
  }

  /**
   * The context that the visible slots spell, in order of position.
   * @throws Error if it is not the row's context
   */
  read(row: FakeRow): readonly number[] {
    const visible = [...Array.from({ length: row.bound }, (_, s) => s), ...row.others, row.slot];
    const seen: number[] = [];
    for (const slot of new Set(visible)) {
      const entry = this.slots[slot];
      if (!entry)
        throw new Error(
          `${this.name}: slot ${slot} holds nothing valid but is visible at position ${row.position}`,
        );
      if (seen[entry.position] !== undefined)
        throw new Error(`${this.name}: position ${entry.position} is visible twice`);
      seen[entry.position] = entry.token;
    }
    const isRight = seen.length === row.context.length && row.context.every((token, i) => seen[i] === token);
    if (!isRight)
      throw new Error(`${this.name}: sees ${seen.join(" ")} where the text is ${row.context.join(" ")}`);
    return seen;
  }

  /** Keeps the path of a tree whose anchor is in slot `base`, then forgets every slot from `valid` on. */
  commit(base: number, path: readonly number[], valid: number): void {
    compactSlots(this.slots, base, path);
    this.slots.length = Math.min(this.slots.length, valid);
  }
}
