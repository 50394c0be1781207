/** Whether the page works without a network, and whether a newer version of it waits. Written only by ui/updates.ts. */
import { create } from "zustand";

export interface OfflineState {
  /** Everything that comes with the page is stored on this device. */
  readonly isStored: boolean;
  /** Files that are stored of all there are, while they are being stored. */
  readonly storing: { readonly stored: number; readonly total: number } | null;
  /** Loads the newer version that waits; null if none does. */
  readonly update: (() => void) | null;
}

export const useOffline = create<OfflineState>()(() => ({ isStored: false, storing: null, update: null }));
