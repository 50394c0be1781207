/** Frames follow what a step is about. */
import { describe, expect, it } from "vitest";
import { scrollToShow } from "../../src/ui/views/in_sight";
import { canvasView } from "../../src/ui/views/canvas/grid";
import { canvasRound } from "../../src/ui/views/canvas/cells";
import { storedRun as timeline } from "./canvas_moments";

describe("scrolling to a part of a drawing", () => {
  it("leaves the frame alone where the part can be seen", () => {
    expect(scrollToShow({ top: 120, bottom: 180 }, 100, 200)).toBe(100);
  });
  it("goes no further than needed, up or down", () => {
    expect(scrollToShow({ top: 400, bottom: 460 }, 0, 200)).toBe(270);
    expect(scrollToShow({ top: 40, bottom: 90 }, 300, 200)).toBe(30);
    expect(scrollToShow({ top: 4, bottom: 40 }, 300, 200)).toBe(0);
  });
  it("shows the beginning of what is higher than the frame", () => {
    expect(scrollToShow({ top: 100, bottom: 600 }, 0, 200)).toBe(90);
  });
});

describe("the canvas", () => {
  it("has the positions of the shown step in the stretch it asks for, and asks for nothing before the first", () => {
    const width = 320;
    expect(canvasView.inSight!(timeline.viewAfterStep(-1), -1, width)).toBeNull();
    let seen = 0;
    for (let step = 0; step < timeline.latest.rounds.length; step++) {
      const view = timeline.viewAfterStep(step);
      const positions = canvasRound(view, step)?.unmasked.flatMap((e) => e.positions) ?? [];
      const stretch = canvasView.inSight!(view, step, width);
      if (positions.length === 0) continue;
      seen++;
      const height = canvasView.heightAt!(view, step, width);
      expect(stretch!.top).toBeGreaterThanOrEqual(0);
      expect(stretch!.bottom).toBeLessThanOrEqual(height + 20);
      expect(stretch!.bottom).toBeGreaterThan(stretch!.top);
    }
    expect(seen).toBeGreaterThan(0);
  });
});
