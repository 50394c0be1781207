/** One model measured on the visitor's device: how far it is and what came out. Outlives a visit to another place. */
import { create } from "zustand";
import { toErrorRecord } from "../../base/errors";
import type { BenchPart, DeviceFigures, DeviceInfo } from "../../worker/api";
import { models } from "../definitions";
import { cancel, engineFor } from "../engine";
import { isBusy, useEngine } from "../stores/engine";

/** In this order, with what is said meanwhile. */
export const PARTS: readonly (readonly [part: BenchPart, words: string])[] = [
  ["copy", "A copy in memory"],
  ["prefill", "Reading a prompt"],
  ["decode", "Writing 48 tokens, three times"],
  ...[1, 2, 4, 8, 16, 32].map((n) => [n, `Passes over ${n} ${n === 1 ? "row" : "rows"}`] as const),
];

/** What was measured, and of what. */
export interface Measured {
  readonly model: string;
  readonly device: DeviceInfo;
  readonly figures: Partial<DeviceFigures>;
}

export interface DeviceBenchState {
  readonly model: string;
  readonly measured: Measured | null;
  readonly phase: "idle" | "preparing" | "measuring";
  /** Parts that are done. */
  readonly done: number;
  /** Why the last measurement ended early; null if it did not. */
  readonly problem: string | null;
}

export const useDeviceBench = create<DeviceBenchState>()(() => ({
  model: models[0]!.id,
  measured: null,
  phase: "idle",
  done: 0,
  problem: null,
}));

/** Grows with every measurement and every cancel: what began before is no longer asked for. */
let attempt = 0;

/** Measures part by part; ends what the engine is doing. */
export async function measure(): Promise<void> {
  const { phase, model } = useDeviceBench.getState();
  if (phase !== "idle") return;
  const mine = ++attempt;
  if (isBusy(useEngine.getState().phase)) cancel();
  useDeviceBench.setState({ phase: "preparing", done: 0, problem: null, measured: null });
  try {
    const { engine, device } = await engineFor([model]);
    if (mine !== attempt) return;
    useDeviceBench.setState({ phase: "measuring", measured: { model, device, figures: {} } });
    for (const [part] of PARTS) {
      const found = await engine.bench(model, part);
      if (mine !== attempt) return;
      useDeviceBench.setState(({ measured, done }) => ({
        done: done + 1,
        measured: measured && {
          ...measured,
          figures: {
            ...measured.figures,
            ...found,
            passes: [...(measured.figures.passes ?? []), ...(found.passes ?? [])],
          },
        },
      }));
    }
  } catch (thrown) {
    const error = toErrorRecord(thrown);
    if (mine === attempt && error.code !== "cancelled") useDeviceBench.setState({ problem: error.message });
  } finally {
    if (mine === attempt) useDeviceBench.setState({ phase: "idle" });
  }
}

/** Ends after the part that is being measured, which is not shown; what was measured stays. */
export function stopMeasuring(): void {
  attempt++;
  useDeviceBench.setState({ phase: "idle" });
}
