/** What the GPU holds, asked for while somebody looks. */
import { useEffect } from "react";
import { create } from "zustand";
import type { MemoryReport } from "../../worker/api";
import { presentClient } from "../engine";
import { useEngine } from "../stores/engine";

/** Often enough to see a run come and go. */
const EVERY_MS = 1000;

/** Null until the first answer, and while no engine is there. */
export const useMemory = create<{ readonly report: MemoryReport | null }>()(() => ({ report: null }));

/** Asks once; an engine that is not there holds nothing, and nobody starts one to hear so. */
export async function refresh(): Promise<void> {
  try {
    useMemory.setState({ report: (await presentClient()?.memory()) ?? null });
  } catch {
    // The engine was stopped or lost: with it went what it held.
    useMemory.setState({ report: null });
  }
}

/** Keeps {@link useMemory} up to date while the component is there and its window is seen. */
export function useMemoryWatch(): void {
  const hasWebGpu = useEngine((s) => s.hasWebGpu);
  useEffect(() => {
    if (!hasWebGpu) return undefined;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let isWatched = true;
    // One question after another: a busy engine answers late.
    const look = async (): Promise<void> => {
      if (!document.hidden) await refresh();
      if (isWatched) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      isWatched = false;
      if (timer !== null) clearTimeout(timer);
    };
  }, [hasWebGpu]);
}
