/**
 * Reads bytes by a grammar. Where it is, is a set of stacks of what must still come; sets and stacks are made once each, so that what
 * was found out about one (the next one for a byte, the bytes to the nearest end) is found out once.
 */
import type { Grammar } from "./grammar";

/** What must still come, next first; null for nothing. Equal ones are the same object. */
interface Stack {
  readonly id: number;
  readonly top: Grammar;
  readonly below: Stack | null;
  /** Fewest bytes that empty it. */
  readonly cost: number;
}

export class State {
  /** By byte: the state after it, null for none. */
  readonly next: (State | null | undefined)[] = [];

  constructor(
    /** Whose tops are single bytes. */
    readonly stacks: readonly Stack[],
    /** The text may end here. */
    readonly isEnd: boolean,
    /** Fewest bytes to an end. */
    readonly cost: number,
  ) {}
}

export class Automaton {
  readonly start: State;
  private readonly costs = new Map<Grammar, number>();
  private readonly ids = new Map<Grammar, number>();
  private readonly stacks = new Map<string, Stack>();
  private readonly states = new Map<string, State>();
  private readonly repeats = new Map<string, Grammar>();

  /** @param canWrite bytes that can be written by themselves; others count as out of reach for the way to an end */
  constructor(
    grammar: Grammar,
    private readonly canWrite: (byte: number) => boolean = () => true,
  ) {
    this.settle(grammar);
    const found = new Set<Stack>();
    const isEnd = this.open(this.push(grammar, null), found);
    this.start = this.stateOf(found, isEnd);
  }

  /** The state after one more byte; null if no text goes on so. */
  step(state: State, byte: number): State | null {
    const known = state.next[byte];
    if (known !== undefined) return known;
    const found = new Set<Stack>();
    let isEnd = false;
    for (const { top, below } of state.stacks)
      if (top.kind === "byte" && top.has(byte)) isEnd = this.open(below, found) || isEnd;
    return (state.next[byte] = found.size === 0 && !isEnd ? null : this.stateOf(found, isEnd));
  }

  private stateOf(found: ReadonlySet<Stack>, isEnd: boolean): State {
    const stacks = [...found].sort((a, b) => a.id - b.id);
    const key = `${isEnd} ${stacks.map(({ id }) => id).join(" ")}`;
    let state = this.states.get(key);
    if (!state) {
      state = new State(stacks, isEnd, isEnd ? 0 : Math.min(...stacks.map(({ cost }) => cost)));
      this.states.set(key, state);
    }
    return state;
  }

  /** Takes the top apart until single bytes are on top; says whether the stack may be empty. */
  private open(stack: Stack | null, found: Set<Stack>, seen = new Set<Stack>()): boolean {
    if (stack === null) return true;
    // One that leads back to itself without a byte adds nothing.
    if (seen.has(stack)) return false;
    seen.add(stack);
    // From here no text comes to an end.
    if (stack.cost === Infinity) return false;
    const { top, below } = stack;
    switch (top.kind) {
      case "byte":
        found.add(stack);
        return false;
      case "all":
        return this.open(
          top.parts.reduceRight((rest: Stack | null, part) => this.push(part, rest), below),
          found,
          seen,
        );
      case "any":
        return top.parts.map((part) => this.open(this.push(part, below), found, seen)).some(Boolean);
      case "repeat": {
        const canStop = top.min === 0 && this.open(below, found, seen);
        if (top.max === 0) return canStop;
        const rest = this.repeat(top.item, Math.max(0, top.min - 1), top.max === null ? null : top.max - 1);
        return this.open(this.push(top.item, this.push(rest, below)), found, seen) || canStop;
      }
      case "ref":
        return this.open(this.push(top.target!, below), found, seen);
    }
  }

  private repeat(item: Grammar, min: number, max: number | null): Grammar {
    const key = `${this.idOf(item)} ${min} ${max}`;
    let made = this.repeats.get(key);
    if (!made) this.repeats.set(key, (made = { kind: "repeat", item, min, max }));
    return made;
  }

  private push(top: Grammar, below: Stack | null): Stack {
    const key = `${this.idOf(top)} ${below?.id ?? -1}`;
    let stack = this.stacks.get(key);
    if (!stack) {
      stack = { id: this.stacks.size, top, below, cost: this.cost(top) + (below?.cost ?? 0) };
      this.stacks.set(key, stack);
    }
    return stack;
  }

  private idOf(grammar: Grammar): number {
    let id = this.ids.get(grammar);
    if (id === undefined) this.ids.set(grammar, (id = this.ids.size));
    return id;
  }

  /** Fewest bytes of each part: from infinity down until nothing changes, since parts may contain themselves. */
  private settle(grammar: Grammar): void {
    const parts = new Set<Grammar>();
    const visit = (part: Grammar): void => {
      if (parts.has(part)) return;
      parts.add(part);
      if (part.kind === "all" || part.kind === "any") part.parts.forEach(visit);
      if (part.kind === "repeat") visit(part.item);
      if (part.kind === "ref" && part.target) visit(part.target);
    };
    visit(grammar);
    // What is visited later is mostly within what was visited earlier.
    const inner = [...parts].reverse();
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const part of inner) {
        if (part.kind === "byte" && this.costs.has(part)) continue;
        const cost = this.costNow(part);
        if (cost === (this.costs.get(part) ?? Infinity)) continue;
        this.costs.set(part, cost);
        isChanged = true;
      }
    }
  }

  private cost(part: Grammar): number {
    return part.kind === "repeat" ? this.costNow(part) : (this.costs.get(part) ?? Infinity);
  }

  private costNow(part: Grammar): number {
    const of = (p: Grammar): number => this.costs.get(p) ?? Infinity;
    switch (part.kind) {
      case "byte":
        return Array.from({ length: 256 }, (_, b) => b).some((b) => part.has(b) && this.canWrite(b))
          ? 1
          : Infinity;
      case "all":
        return part.parts.reduce((sum, p) => sum + of(p), 0);
      case "any":
        return Math.min(Infinity, ...part.parts.map(of));
      case "repeat":
        return part.min === 0 ? 0 : part.min * of(part.item);
      case "ref":
        return part.target ? of(part.target) : Infinity;
    }
  }
}
