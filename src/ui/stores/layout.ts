/** What the page looks like to this visitor: theme, open view, what is pinned. Remembered where it outlives a visit. */
import { create } from "zustand";
import type { Timeline } from "../../trace/timeline";
import { createJSONStorage, persist } from "zustand/middleware";

export type Theme = "system" | "light" | "dark";

/**
 * What the inspector explains: a node of a step's tree, a token that the step committed and did not draft (after its
 * accepted path, or without a tree), one that a step without a tree could have drawn, or a position of a canvas in a step.
 */
export type Selection =
  | { readonly kind: "node"; readonly step: number; readonly node: number }
  | { readonly kind: "extra"; readonly step: number; readonly position: number }
  | { readonly kind: "position"; readonly step: number; readonly position: number }
  | { readonly kind: "candidate"; readonly step: number; readonly token: number };

export interface LayoutState {
  readonly theme: Theme;
  readonly view: string;
  /** What drawings that offer a choice show, by their ids. */
  readonly choices: Readonly<Record<string, string>>;
  /** Stays until another is chosen; counts while its step is shown, a position of a canvas in every step. */
  readonly pinned: Selection | null;
  /** Under the pointer or focused; goes before what is pinned. */
  readonly hovered: Selection | null;
  /** A finished run that was opened at a step in its middle; null after it was played. */
  readonly opened: { readonly timeline: Timeline; readonly step: number } | null;
  /** Nothing can be run, branched or saved here: an embedded page, or a file that replays one recording. */
  readonly isReplayOnly: boolean;
  readonly dialog: "share" | "help" | "palette" | null;
  /** The three sentences about what is on the stage are shown. */
  readonly isTourOpen: boolean;
  /** They were shown to this visitor before; the page does not play by itself again. */
  readonly hasSeenTour: boolean;
}

export const useLayout = create<LayoutState>()(
  persist(
    (): LayoutState => ({
      theme: "system",
      view: "tree",
      choices: {},
      pinned: null,
      hovered: null,
      opened: null,
      isReplayOnly: false,
      dialog: null,
      isTourOpen: false,
      hasSeenTour: false,
    }),
    {
      name: "decoscope.layout",
      version: 1,
      storage: createJSONStorage(() => localStorage),
      partialize: ({ theme, hasSeenTour }) => ({ theme, hasSeenTour }),
    },
  ),
);

export function setTheme(theme: Theme): void {
  useLayout.setState({ theme });
}
export function setView(view: string): void {
  useLayout.setState({ view });
}
export function setChoice(view: string, choice: string): void {
  useLayout.setState((s) => ({ choices: { ...s.choices, [view]: choice } }));
}
export function pin(pinned: Selection | null): void {
  useLayout.setState({ pinned });
}
export function hover(hovered: Selection | null): void {
  // What is told again, with every step of a run, is no news to anybody.
  if (!isSame(useLayout.getState().hovered, hovered)) useLayout.setState({ hovered });
}
/** What had the focus when a dialog was opened, which may lead to another. */
let opener: HTMLElement | null = null;

export function openDialog(dialog: LayoutState["dialog"]): void {
  if (
    dialog !== null &&
    useLayout.getState().dialog === null &&
    document.activeElement instanceof HTMLElement
  )
    opener = document.activeElement;
  useLayout.setState({ dialog });
}

/** For a dialog that closes. Radix would give the focus to the button that it was told of, and these are opened from everywhere. */
export function giveFocusBack(e: Event): void {
  e.preventDefault();
  opener?.focus({ preventScroll: true });
}

/** Shows the three sentences about what is on the stage. */
export function openTour(): void {
  useLayout.setState({ isTourOpen: true, hasSeenTour: true });
}
export function closeTour(): void {
  useLayout.setState({ isTourOpen: false });
}

export const isSame = (a: Selection | null, b: Selection | null): boolean =>
  a === b || (a !== null && b !== null && JSON.stringify(a) === JSON.stringify(b));
