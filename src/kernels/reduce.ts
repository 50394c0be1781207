/** How many lanes reduce together, and by what: the parts of a variant that every kernel with `// @use reduce` needs. */
import type { Variant } from "../engine/kernel";
import type { Recording } from "./tuning";

/** Overrides that such kernels declare, with defaults legal on every device. */
export const REDUCE_OVERRIDES = { WORKGROUP_SIZE: 64, SUBGROUP_MIN: 0 } as const;

/**
 * A variant whose workgroups have `lanes` lanes (a power of two; `tuning.choices[choice]` replaces it), or, on a
 * software adapter, as many as run without a barrier: there barriers cost far more than lanes gain. Results are right
 * for any choice: SUBGROUP_MIN comes from the device, and barriers are left out only where it allows.
 */
export function reduceVariant(
  rec: Recording,
  lanes: number,
  choice: string,
): Variant & { overrides: { WORKGROUP_SIZE: number } } {
  const { reduce, choices } = rec.tuning;
  const { features, isSoftware } = rec.list.engine.gpu;
  const free = reduce === "subgroup" ? Math.max(1, features.subgroupMin) : 1;
  const size = choices[choice] ?? choices["reduce.lanes"] ?? (isSoftware ? free : lanes);
  if (size < 1 || size > 256 || (size & (size - 1)) !== 0)
    throw new Error(`${choice}: expected a power of two up to 256, found ${size}`);
  return {
    uses: { reduce },
    overrides: { WORKGROUP_SIZE: size, SUBGROUP_MIN: reduce === "subgroup" ? features.subgroupMin : 0 },
  };
}

/** @throws Error naming kernel and argument if `buffer` is smaller than `bytes` */
export function needBytes(
  kernel: string,
  name: string,
  buffer: GPUBuffer | { readonly size: number },
  bytes: number,
): void {
  if (buffer.size < bytes)
    throw new Error(`${kernel}: ${name} has ${buffer.size} bytes, expected at least ${bytes}`);
}
