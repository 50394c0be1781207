/** How often a run that goes on is drawn: a quarter of the page's time at most, its last batch always, its end at once. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as RunModule from "../../src/ui/stores/run";
import { sampleTrace } from "../helpers/sample_trace";

/** Milliseconds between two frames of a screen. */
const FRAME = 16;
const events = sampleTrace(40);
const batches = events.slice(0, -1).map((e) => [e]);

/** A page that takes `drawMs` to draw whatever a store says, with frames and a clock of its own. */
class Page {
  now = 0;
  drawn: number[] = [];
  spent = 0;
  private readonly frames = new Map<number, () => void>();
  private readonly tasks: (() => void)[] = [];
  private last = 0;
  constructor(
    private readonly drawMs: number,
    private readonly store: typeof RunModule,
  ) {
    vi.stubGlobal("document", { visibilityState: "visible" });
    vi.stubGlobal("requestAnimationFrame", (draw: () => void) => {
      this.frames.set(++this.last, draw);
      return this.last;
    });
    vi.stubGlobal("cancelAnimationFrame", (frame: number) => this.frames.delete(frame));
    vi.stubGlobal("setTimeout", (task: () => void) => this.tasks.push(task));
    vi.spyOn(performance, "now").mockImplementation(() => this.now);
  }
  /** What listens to the run's store draws. */
  readonly listen = (): void => {
    this.drawn.push(this.store.useRun.getState().length);
    this.now += this.drawMs;
    this.spent += this.drawMs;
  };
  /** Until the next frame is over. */
  frame(): void {
    this.now = (Math.floor(this.now / FRAME) + 1) * FRAME;
    const due = [...this.frames.values()];
    this.frames.clear();
    for (const draw of due) draw();
    this.settle();
  }
  /** What was put off until after a drawing. */
  settle(): void {
    for (const task of this.tasks.splice(0)) task();
  }
  get isWaiting(): boolean {
    return this.frames.size > 0;
  }
}

let page: Page;
let appendEvents: typeof RunModule.appendEvents;
/** A page that has drawn nothing yet. */
async function open(drawMs: number): Promise<void> {
  vi.resetModules();
  const store = await import("../../src/ui/stores/run");
  ({ appendEvents } = store);
  page = new Page(drawMs, store);
  store.beginRun({ kind: "live" });
  store.useRun.subscribe(page.listen);
}
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a run that goes on", () => {
  it.each([8, 20, 30])(
    "is drawn in a quarter of the time at most, where that takes %i ms",
    async (drawMs) => {
      await open(drawMs);
      // Nobody knows what the first drawing takes.
      appendEvents(batches[0]!);
      page.frame();
      page.spent = 0;
      const from = page.now;
      for (const batch of batches.slice(1, 100)) {
        appendEvents(batch);
        page.frame();
      }
      const share = page.spent / (page.now - from);
      expect(share).toBeLessThanOrEqual(0.25);
      // And not much less: a frame may come too early by a hair.
      expect(share).toBeGreaterThan(0.1);
    },
  );

  it("is drawn on the slowest machine too, every 150 ms and what the drawing takes", async () => {
    await open(100);
    for (const batch of batches.slice(0, 100)) {
      appendEvents(batch);
      page.frame();
    }
    expect(page.drawn.length).toBeGreaterThanOrEqual(Math.floor(page.now / (150 + FRAME)) - 1);
  });

  it("is drawn once a frame however many batches come, on a machine that takes no time", async () => {
    await open(0);
    for (let i = 0; i < 90; i += 3) {
      for (const batch of batches.slice(i, i + 3)) appendEvents(batch);
      page.frame();
    }
    expect(page.drawn).toEqual(Array.from({ length: 30 }, (_, i) => 3 * (i + 1)));
  });

  it("shows its last batch when it is paused, and then rests", async () => {
    await open(20);
    for (const batch of batches.slice(0, 3)) appendEvents(batch);
    page.frame();
    for (const batch of batches.slice(3, 10)) appendEvents(batch);
    for (let i = 0; i < 12; i++) page.frame();
    expect(page.drawn).toEqual([3, 10]);
    expect(page.isWaiting).toBe(false);
  });

  it("shows its end at once, once", async () => {
    await open(20);
    appendEvents(batches[0]!);
    page.frame();
    // A drawing is on its way, which is one too many then.
    appendEvents(batches[1]!);
    appendEvents(events.slice(2));
    expect(page.drawn).toEqual([1, events.length]);
    page.settle();
    for (let i = 0; i < 12; i++) page.frame();
    expect(page.drawn).toHaveLength(2);
  });

  it("is drawn with each batch in the background, where no frames come", async () => {
    await open(20);
    vi.stubGlobal("document", { visibilityState: "hidden" });
    for (const batch of batches.slice(0, 3)) appendEvents(batch);
    expect(page.drawn).toEqual([1, 2, 3]);
  });
});
