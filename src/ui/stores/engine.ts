/** What the engine is doing: device, loading, running, trouble. Written only by ui/engine.ts. */
import { create } from "zustand";
import type { ErrorRecord } from "../../base/errors";
import type { DeviceInfo, LoadProgress } from "../../worker/api";

export type EnginePhase =
  /** Nothing asked of it yet, or the last run is over. */
  "idle" | "opening" | "loading" | "compiling" | "running" | "paused";

export interface EngineState {
  readonly phase: EnginePhase;
  /** Rounds asked for one by one that have not come yet. */
  readonly roundsAwaited: number;
  /** A run has begun and nothing of it can be seen yet: the stage keeps the run before. */
  readonly isAwaited: boolean;
  readonly device: DeviceInfo | null;
  readonly progress: LoadProgress | null;
  /** Kernels being built on the way to a run. */
  readonly build: { readonly done: number; readonly total: number; readonly label: string } | null;
  /** Why the last thing asked for did not happen. */
  readonly error: ErrorRecord | null;
  /** The device went away; a restart is needed. */
  readonly isLost: boolean;
  /** Whether this browser offers WebGPU at all. */
  readonly hasWebGpu: boolean;
  /** Something that went well but not as expected, such as a replay that gave other tokens. */
  readonly notices: readonly string[];
}

export const useEngine = create<EngineState>()(() => ({
  phase: "idle",
  roundsAwaited: 0,
  isAwaited: false,
  device: null,
  progress: null,
  build: null,
  error: null,
  isLost: false,
  hasWebGpu: typeof navigator !== "undefined" && "gpu" in navigator,
  notices: [],
}));

export const isBusy = (phase: EnginePhase): boolean => phase !== "idle";

export const addNotice = (message: string): void =>
  useEngine.setState((s) => (s.notices.includes(message) ? s : { notices: [...s.notices, message] }));
export const dropNotice = (message: string): void =>
  useEngine.setState((s) => ({ notices: s.notices.filter((n) => n !== message) }));

/** What was said of the address that was followed last. */
let ofAddress: readonly string[] = [];
export const addAddressNotice = (message: string): void => {
  ofAddress = [...ofAddress, message];
  addNotice(message);
};
/** A newer address takes the place of an older one, and what is said of it too. */
export const dropAddressNotices = (): void => {
  ofAddress.forEach(dropNotice);
  ofAddress = [];
};

export const dropError = (): void => useEngine.setState({ error: null });
