/** What stands behind the handles of the fake session's recorder. */
import type {
  AllowedTokens,
  Guesses,
  Laws,
  ModelRole,
  Readable,
  Rows,
  Successors,
  Tree,
} from "../../src/decoding/session";
import type { SuccessorTable } from "../reference/chosen_tree";
import type { TreeNodes } from "../reference/expand_tree";
import type { Listed } from "../reference/rank_tree";
import type { FakeRow } from "./fake_session_cache";

export interface FakeRows {
  readonly count: number;
  /** Set anew each round; idle rows are left out. */
  rows: FakeRow[];
}
export interface FakeLaws {
  readonly role: ModelRole;
  readonly count: number;
  readonly isGreedy: boolean;
  laws: Float64Array[];
}
export interface FakeTree {
  readonly levels: readonly number[];
  depth: number;
  nodes: TreeNodes;
  /** By node: the law its children were drawn from. */
  draft: (Float64Array | undefined)[];
  /** What best levels listed below each node that was fed. */
  lists: Listed[][];
  /** The tree this one was ranked from, and by node its number there, -1 if it was never fed; null for others. */
  readonly drafted: FakeTree | null;
  origin: number[] | null;
}
export interface FakeSuccessors {
  readonly k: number;
  readonly table: SuccessorTable;
}
export interface FakeGuesses {
  readonly count: number;
  tokens: readonly number[];
}
export interface FakeAllowed extends AllowedTokens {
  /** Null allows all. */
  tokens: ReadonlySet<number> | null;
}
export interface FakeReadable {
  value: unknown;
  readonly bytes: number;
}

export const rowsOf = (h: Rows): FakeRows => h as unknown as FakeRows;
export const lawsOf = (h: Laws): FakeLaws => h as unknown as FakeLaws;
export const treeOf = (h: Tree): FakeTree => h as unknown as FakeTree;
export const successorsOf = (h: Successors): FakeSuccessors => h as unknown as FakeSuccessors;
export const guessesOf = (h: Guesses): FakeGuesses => h as unknown as FakeGuesses;
export const allowedOf = (h: AllowedTokens | undefined): FakeAllowed | undefined =>
  h as FakeAllowed | undefined;
export const readableOf = (h: Readable<unknown>): FakeReadable => h as unknown as FakeReadable;

/** A device sets the nodes of all levels aside, those that are absent too; here trees have no gaps. */
export function deviceNumber({ levels, nodes }: FakeTree, id: number): number {
  if (id <= 0) return id;
  const depth = nodes.depth[id]!;
  const start = levels.slice(0, depth - 1).reduce((sum, n) => sum + n, 1);
  return start + id - nodes.depth.indexOf(depth);
}
