/** The setup and the stage as they are, to be put back after a click that replaced them. */
import { cancel } from "./engine";
import { isBusy, useEngine } from "./stores/engine";
import { useLayout } from "./stores/layout";
import { usePlayer } from "./stores/player";
import { useRun } from "./stores/run";
import { useSettings } from "./stores/settings";

/** Returns what puts the setup back as it is now, and what the stage shows too unless `isSetupOnly`. */
export function remember(isSetupOnly = false): () => void {
  const settings = useSettings.getState();
  const run = useRun.getState();
  const { moment } = usePlayer.getState();
  const { view } = useLayout.getState();
  return () => {
    useSettings.setState(settings, true);
    if (isSetupOnly) return;
    if (isBusy(useEngine.getState().phase)) cancel();
    useRun.setState(run, true);
    usePlayer.setState({ moment, isPlaying: false });
    useLayout.setState({ view, pinned: null, hovered: null });
  };
}

/** Whether the run on the stage came from the visitor and would be missed. */
export const isRunMissed = (): boolean => !["none", "recorded"].includes(useRun.getState().source.kind);
