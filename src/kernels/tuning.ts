/** Which variant of each kernel a device runs: defaults from its features, replaced by what a measurement preferred. */
import type { DeviceFeatures } from "../engine/device";
import type { DispatchList } from "../engine/dispatch_list";

export interface Tuning {
  /** Reductions inside a workgroup: by subgroup operations, or through workgroup memory. */
  readonly reduce: "subgroup" | "workgroup";
  readonly packedDot: boolean;
  readonly f16: boolean;
  /** Choices of single kernels by kernel and shape class, as numbers a wrapper understands: `matvec.lanes`. */
  readonly choices: Readonly<Record<string, number>>;
}

export const defaultTuning = (f: DeviceFeatures): Tuning => ({
  reduce: f.subgroups ? "subgroup" : "workgroup",
  packedDot: f.packedDot,
  f16: f.f16,
  choices: {},
});

/** What a kernel wrapper records into, and the choices it records with. */
export interface Recording {
  readonly list: DispatchList;
  readonly tuning: Tuning;
}
