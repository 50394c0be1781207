/** What the transport does while the run before is on the stage and a new one gets ready. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stepForward } from "../../src/ui/playback";
import { useEngine } from "../../src/ui/stores/engine";
import { usePlayer } from "../../src/ui/stores/player";
import { beginRun, useRun } from "../../src/ui/stores/run";
import { sampleTrace } from "../helpers/sample_trace";

beforeEach(() => {
  beginRun({ kind: "live" }, sampleTrace(6));
  usePlayer.setState({ moment: null, isPlaying: false });
});
afterEach(() => useEngine.setState({ phase: "idle", isAwaited: false, roundsAwaited: 0 }));

describe("step forward at the end of a live run", () => {
  it("leaves alone a run that gets ready to take its place", () => {
    expect(useRun.getState().source.kind).toBe("live");
    useEngine.setState({ phase: "running", isAwaited: true });
    stepForward();
    expect(useEngine.getState()).toMatchObject({ phase: "running", roundsAwaited: 0 });
  });

  it("runs the engine one step when the run is its own", () => {
    useEngine.setState({ phase: "running", isAwaited: false });
    stepForward();
    expect(useEngine.getState()).toMatchObject({ phase: "paused", roundsAwaited: 1 });
  });
});
