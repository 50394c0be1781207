/** What a recorder works on, and what stands behind its handles; methods only pass them on. */
import type { AllowedTokens, Laws, ModelRole, Readable, Rows, Tree } from "../decoding/session";
import type { DrawableLaws } from "./drawable_laws";
import type { GpuModel, ModelState, RowBuffers } from "./gpu_model";
import type { Output } from "./program";

/** One model in its role with the memory of this session's text. */
export interface RoleState {
  readonly model: GpuModel;
  readonly state: ModelState;
}
export interface SessionBuffers {
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  readonly roles: Readonly<Partial<Record<ModelRole, RoleState>>>;
}
/** Makes a buffer that lives as long as the program, counted for a model if it is given. */
export type Allocate = (label: string, bytes: number, model?: string) => GPUBuffer;

export interface RowsHandle extends RowBuffers {
  readonly tree: TreeHandle | null;
  /** Rows of the forward that get laws: all of a tree's, only the last of a committed tail. */
  readonly lawFirst: number;
  readonly lawCount: number;
  /** Row of the law buffer that the first law goes to: the node id for tree levels. */
  readonly lawAt: number;
}
export interface LawsHandle {
  readonly buffer: GPUBuffer;
  readonly role: ModelRole;
  readonly at: number;
  readonly count: number;
  readonly temperature: number;
  /** Set if the law may be drawn from without being there; `buffer` then makes it. */
  readonly drawable?: DrawableLaws;
}
/** A set of tokens: u32 [ceil(V / 32)]. */
export interface AllowedHandle extends AllowedTokens {
  readonly buffer: GPUBuffer;
}
export interface TreeHandle {
  readonly buffer: GPUBuffer;
  readonly cap: number;
  /** First node of each level; level 0 is the anchor; one more entry for the end. */
  readonly starts: readonly number[];
  built: number;
  /** What "best" levels listed below each node that was fed; null before the first of them. */
  lists: { readonly buffer: GPUBuffer; readonly children: number } | null;
}
export const asRows = (h: RowsHandle): Rows => h as unknown as Rows;
export const asLaws = (h: LawsHandle): Laws => h as unknown as Laws;
export const asTree = (h: TreeHandle): Tree => h as unknown as Tree;
export const rowsOf = (h: Rows): RowsHandle => h as unknown as RowsHandle;
export const lawsOf = (h: Laws): LawsHandle => h as unknown as LawsHandle;
export const treeOf = (h: Tree): TreeHandle => h as unknown as TreeHandle;
export const readable = <T>(o: Output & { decode: (bytes: ArrayBuffer, at: number) => T }): Readable<T> =>
  o as unknown as Readable<T>;
/** The output behind a readable handle. */
export const outputOf = (r: Readable<unknown>): Output => r as unknown as Output;

/** Forward passes and rows of a program so far. */
export interface Counted {
  targetForwards: number;
  targetRows: number;
  draftForwards: number;
  draftRows: number;
}

/** Laws of a draft's levels lie side by side; those of one target forward take the place of those before. */
export function checkLaw(isPresent: boolean): void {
  if (!isPresent)
    throw new Error(
      "other rows went through the target since, and the law of these is gone: use a law before the next forward",
    );
}

/** Laws whose buffer is given out while `check` lets it. */
export const lawsWhile = (check: () => void, buffer: GPUBuffer, of: Omit<LawsHandle, "buffer">): Laws =>
  asLaws({
    ...of,
    get buffer() {
      check();
      return buffer;
    },
  });
