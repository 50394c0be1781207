import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../src/trace/events";
import { applyEvent, emptyView, foldEvents } from "../../../src/trace/fold";
import { Timeline } from "../../../src/trace/timeline";
import { plain } from "../../helpers/plain_view";
import { sampleTrace } from "../../helpers/sample_trace";

const events = sampleTrace(4);

/** A run of `rounds` rounds of one token each, in the four events that plain decoding has. */
function longRun(rounds: number): TraceEvent[] {
  const [start] = events;
  const list: TraceEvent[] = [start!, { kind: "prefill", step: 0, ms: 0, tokens: 3 }];
  const counts = { targetForwards: 1, targetRows: 1, draftForwards: 0, draftRows: 0 };
  for (let step = 0; step < rounds; step++) {
    const at = { step, ms: step };
    list.push(
      { kind: "candidates", ...at, of: "target", node: null, position: 4 + step, top: [[7, -0.5]] },
      {
        kind: "commit",
        ...at,
        positions: [4 + step],
        tokens: [7],
        origins: ["target"],
        logprobs: [-0.5],
        nodes: [null],
      },
      { kind: "state", ...at, of: "target", base: 3 + step, written: 1, moves: [], kept: 1 },
      { kind: "cost", ...at, ...counts, dispatches: 30, submits: 1, readbacks: 1 },
    );
  }
  return list;
}

describe("Timeline", () => {
  it("gives the view of every moment, whatever was asked before", () => {
    const expected = [emptyView()];
    for (const e of events) expected.push(applyEvent(expected.at(-1)!, e));
    const shots = expected.map(plain);
    const timeline = new Timeline(events);
    fc.assert(
      fc.property(fc.nat(events.length), (moment) => {
        expect(plain(timeline.viewAt(moment))).toEqual(shots[moment]);
      }),
    );
    expect(plain(timeline.viewAt(-3))).toEqual(shots[0]);
    expect(timeline.viewAt(1e9)).toBe(timeline.latest);
    expect(plain(timeline.latest)).toEqual(shots.at(-1));
  });

  it("gives the same however the events came", () => {
    const once = new Timeline(events);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), fc.nat(events.length), (sizes, moment) => {
        const timeline = new Timeline();
        for (const size of [...sizes, events.length])
          timeline.append(events.slice(timeline.length, timeline.length + size));
        expect(timeline.length).toBe(events.length);
        expect(plain(timeline.viewAt(moment))).toEqual(plain(once.viewAt(moment)));
      }),
      { numRuns: 30 },
    );
  });

  it("knows where steps end", () => {
    const timeline = new Timeline(events);
    expect(timeline.stepCount).toBe(4);
    for (let step = 0; step < 4; step++) {
      const moment = timeline.momentAfterStep(step);
      expect(events[moment - 1]?.step).toBe(step);
      expect(events[moment]?.step ?? step + 1).toBe(step + 1);
      expect(timeline.viewAfterStep(step).rounds.length).toBe(step + 1);
      expect(timeline.viewAfterStep(step).rounds.at(-1)?.phase).toBe("committed");
    }
    expect(timeline.viewAfterStep(99)).toBe(timeline.latest);
    const before = timeline.viewAfterStep(-1);
    expect([before.rounds.length, before.status.state, before.prefilled]).toEqual([0, "running", 3]);
    expect(events[timeline.momentAfterStep(-1)]?.kind).toBe("draft");
  });

  it("gives the same object for a step each time", () => {
    const timeline = new Timeline(events);
    const views = [-1, 0, 1, 2, 3].map((step) => timeline.viewAfterStep(step));
    expect([-1, 0, 1, 2, 3].map((step) => timeline.viewAfterStep(step)).every((v, i) => v === views[i])).toBe(
      true,
    );
    const moment = timeline.momentAfterStep(1) + 7;
    expect(timeline.viewAt(moment)).toBe(timeline.viewAt(moment));
  });

  it("is empty at first", () => {
    const timeline = new Timeline();
    expect([
      timeline.length,
      timeline.stepCount,
      timeline.momentAfterStep(3),
      timeline.momentAfterStep(-1),
    ]).toEqual([0, 0, 0, 0]);
    expect(timeline.viewAt(5)).toBe(emptyView());
  });

  it("folds few events again to show a moment of a long run", () => {
    let folded = 0;
    // The fold reads each event's kind; plain records count nothing.
    const counted = longRun(2500).map(
      (e) =>
        new Proxy(e, { get: (o, key) => ((folded += key === "ms" ? 1 : 0), Reflect.get(o, key)) as unknown }),
    );
    const timeline = new Timeline(counted);
    const perEvent = folded / counted.length;
    expect(perEvent).toBeLessThan(4);
    for (let moment = 13; moment < timeline.length; moment += 997) {
      folded = 0;
      timeline.viewAt(moment);
      expect(folded / perEvent).toBeLessThanOrEqual(33);
    }
  });

  it("appends as fast late as early", () => {
    const run = longRun(5000);
    const timeline = new Timeline(run.slice(0, 2000));
    const timed = (from: number, to: number): number => {
      // Processor time: that of the clock would depend on what else runs on the machine.
      const before = process.cpuUsage();
      timeline.append(run.slice(from, to));
      return process.cpuUsage(before).user / 1000;
    };
    const early = timed(2000, 6000);
    timed(6000, 16_000);
    const late = timed(16_000, 20_000);
    // A cost that grew with the run would make it several times as slow; collecting garbage may double it.
    expect(late).toBeLessThan(5 * early + 50);
    expect(timeline.latest.tokens.length).toBe(foldEvents(run.slice(0, 20_000)).tokens.length);
  });
});
