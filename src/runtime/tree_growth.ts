/** What an expansion of a draft tree needs on the device: its plan, or the lists that "best" levels leave below nodes. */
import type { Expansion } from "../decoding/session";
import type { Engine } from "../engine/dispatch_list";
import { candidateWords, type TreeGrowth } from "../kernels/expand_tree";
import type { Allocate, TreeHandle } from "./handles";

/** An expansion with its lists on the device. */
export function growthOf(how: Expansion, rows: number, allocate: Allocate, engine: Engine): TreeGrowth {
  if (how.kind !== "planned") return how;
  if (how.counts.length !== rows)
    throw new Error(`a plan for ${how.counts.length} nodes, the level has ${rows}`);
  const counts = allocate("plan", 4 * rows);
  engine.gpu.device.queue.writeBuffer(counts, 0, Uint32Array.from(how.counts));
  const total = how.counts.reduce((sum, n) => sum + n, 0);
  return { kind: "planned", counts, total, most: Math.max(1, ...how.counts) };
}

/** Room for what is listed below every node but those of the last level. */
export function listsOf(
  t: TreeHandle,
  how: Extract<TreeGrowth, { kind: "best" }>,
  allocate: Allocate,
): GPUBuffer {
  const { children } = how;
  t.lists ??= {
    buffer: allocate("candidates", 4 * candidateWords(t.starts.at(-2)!, how)),
    children,
  };
  if (t.lists.children !== children)
    throw new Error(`lists of ${t.lists.children} and of ${children} candidates in one tree`);
  return t.lists.buffer;
}
