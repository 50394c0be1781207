/** What forward passes take on this device, by model: measured when asked for, remembered between visits. */
import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import type { PassTime } from "../../worker/api";

export interface Costs {
  readonly passes: readonly PassTime[];
  /** When, as milliseconds since 1970. */
  readonly at: number;
}

export interface Adapter {
  readonly adapter: string;
  readonly isSoftware: boolean;
}

export interface CostsState {
  /** The device of the last measurement: most likely the one that is there before any was opened. */
  readonly lastAdapter: Adapter | null;
  /** By {@link costsKey}. */
  readonly known: Readonly<Record<string, Costs>>;
  readonly isMeasuring: boolean;
  /** Why the last measurement did not happen. */
  readonly problem: string | null;
}

/** Kept at most: a device with a few models, and some devices more. */
const MOST = 24;

export const useCosts = create<CostsState>()(
  persist((): CostsState => ({ lastAdapter: null, known: {}, isMeasuring: false, problem: null }), {
    name: "decoscope.costs",
    version: 1,
    storage: createJSONStorage(() => localStorage),
    partialize: ({ lastAdapter, known }) => ({ lastAdapter, known }),
  }),
);

export const costsKey = (model: string, adapter: string): string => `${model} on ${adapter}`;

/** Remembers the times of a model; the oldest go when there are too many. */
export function keepCosts(
  model: string,
  { adapter, isSoftware }: Adapter,
  passes: readonly PassTime[],
  at: number,
): void {
  useCosts.setState(({ known }) => ({
    lastAdapter: { adapter, isSoftware },
    known: Object.fromEntries(
      Object.entries({ ...known, [costsKey(model, adapter)]: { passes, at } })
        .sort(([, a], [, b]) => b.at - a.at)
        .slice(0, MOST),
    ),
  }));
}
