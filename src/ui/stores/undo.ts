/** The last click that replaced or removed something, and how to take it back. */
import { create } from "zustand";

export interface Undoable {
  /** What the click did, as one sentence. */
  readonly did: string;
  readonly restore: () => void;
}

/** Null if there is nothing to take back. */
export const useUndo = create<{ readonly last: Undoable | null }>()(() => ({ last: null }));

/** Says what was done and offers to take it back; the click before this one cannot be taken back any more. */
export const offerUndo = (did: string, restore: () => void): void =>
  useUndo.setState({ last: { did, restore } });
export const dropUndo = (): void => useUndo.setState({ last: null });

/** Takes the last such click back. */
export function undo(): void {
  const { last } = useUndo.getState();
  dropUndo();
  last?.restore();
}
