/** How deep each row of a mixture of recursions goes, where its router says so once and for all (token choice). */
import { assert } from "../base/errors";
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/choose_depth.wgsl?raw";
import { ROW_WORDS } from "./layouts";
import { needBytes, REDUCE_OVERRIDES, reduceVariant } from "./reduce";
import type { Recording } from "./tuning";

export const chooseDepthKernel = defineKernel({
  name: "choose_depth",
  source,
  reads: ["rows", "e", "router"],
  writes: ["choices"],
  params: { dim: "u32", depths: "u32", most: "u32", is_forced: "u32" },
  overrides: { ...REDUCE_OVERRIDES, BY_POSITION: 0 },
});

/** Most depths that a router may choose among. */
export const MOST_DEPTHS = 32;

/** Words of one row of `choices`, where a router chooses among `depths`. */
export const Choice = {
  /** u32, from 1 */
  DEPTH: 0,
  /** f32 [R]: the probability of each depth. */
  LAW: 1,
} as const;
export const choiceWords = (depths: number): number => 1 + depths;

export interface ChooseDepthArgs {
  /** u32 [T, ROW_WORDS]; rows without a slot are idle. */
  readonly rows: GPUBuffer;
  readonly T: number;
  readonly dim: number;
  /** Embeddings are kept by position; otherwise by row. */
  readonly byPosition: boolean;
  /** f32 [S, D]: what the recursions begin with. */
  readonly e: GPUBuffer;
  /** f32 [R, D], divided by the temperature, then the balance [R]. */
  readonly router: GPUBuffer;
  /** R */
  readonly depths: number;
  /** No row goes deeper; if forced, all go so deep. */
  readonly most: number;
  readonly isForced: boolean;
  /** u32 and f32 [T, R + 1], see {@link Choice}. */
  readonly choices: GPUBuffer;
}

export function chooseDepth(rec: Recording, a: ChooseDepthArgs): void {
  const { T, dim, depths, most } = a;
  assert(depths <= MOST_DEPTHS, `${depths} depths, at most ${MOST_DEPTHS}`);
  assert(most >= 1 && most <= depths, `depth ${most} of ${depths}`);
  needBytes("choose_depth", "rows", a.rows, 4 * ROW_WORDS * T);
  needBytes("choose_depth", "router", a.router, 4 * depths * (dim + 1));
  needBytes("choose_depth", "choices", a.choices, 4 * choiceWords(depths) * T);
  const lanes = reduceVariant(rec, 64, "choose_depth.lanes");
  rec.list.add(
    chooseDepthKernel,
    { ...lanes, overrides: { ...lanes.overrides, BY_POSITION: a.byPosition ? 1 : 0 } },
    {
      bind: { rows: a.rows, e: a.e, router: a.router, choices: a.choices },
      params: { dim, depths, most, is_forced: a.isForced ? 1 : 0 },
      grid: [1, T],
    },
  );
}
