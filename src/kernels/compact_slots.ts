/** Makes the accepted path of a round contiguous in a cache. */
import { defineKernel } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import source from "../../shaders/compact_slots.wgsl?raw";
import { OutcomeArray } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const compactSlotsKernel = defineKernel({
  name: "compact_slots",
  source,
  reads: ["ctl", "outcome"],
  writes: ["cache"],
  params: {
    layers: "u32",
    slots: "u32",
    layer_stride: "u32",
    row_vecs: "u32",
    cap: "u32",
    path_array: "u32",
  },
});

export interface CompactSlotsArgs {
  /** After the commit of the round. */
  readonly ctl: GPUBuffer;
  readonly outcome: GPUBuffer;
  /** [layers, slots, rowWords] words of 4 bytes, layers `layerStride` words apart. */
  readonly cache: GPUBuffer | BufferRange;
  readonly layers: number;
  readonly slots: number;
  /** Words, multiples of 4. */
  readonly layerStride: number;
  readonly rowWords: number;
  /** Nodes the round's tree had room for. */
  readonly cap: number;
  /** By which numbers of the path's nodes the slots are found; ORIGINS in the draft model's cache. */
  readonly path: "PATH" | "ORIGINS";
}

/** Copies slot base + path[k] to base + k in all layers; does nothing for a round that was not active. */
export function compactSlots(rec: Recording, a: CompactSlotsArgs): void {
  if (
    a.rowWords % 4 !== 0 ||
    a.layerStride % 4 !== 0 ||
    a.layerStride < (a.layers > 1 ? a.slots * a.rowWords : 0)
  )
    throw new Error(
      `compact_slots: rowWords ${a.rowWords} and layerStride ${a.layerStride}: expected multiples of 4, layers that do not overlap`,
    );
  needBytes("compact_slots", "cache", a.cache, 4 * ((a.layers - 1) * a.layerStride + a.slots * a.rowWords));
  rec.list.add(
    compactSlotsKernel,
    {},
    {
      bind: { ctl: a.ctl, outcome: a.outcome, cache: a.cache },
      params: {
        layers: a.layers,
        slots: a.slots,
        layer_stride: a.layerStride / 4,
        row_vecs: a.rowWords / 4,
        cap: a.cap,
        path_array: OutcomeArray[a.path],
      },
      grid: [Math.ceil(a.rowWords / 4 / 32), a.layers],
    },
  );
}
