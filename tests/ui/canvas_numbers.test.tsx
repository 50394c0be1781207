/** What the inspector, the map and the curves say of canvas runs, against the events themselves. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../src/trace/events";
import { Timeline } from "../../src/trace/timeline";
import { count } from "../../src/ui/format";
import { favouritesOf, inspectPosition } from "../../src/ui/inspect_position";
import { CanvasCounts } from "../../src/ui/panels/CanvasFacts";
import { Position } from "../../src/ui/panels/Position";
import { CHANNELS, channelOf, scaleEnd } from "../../src/ui/views/canvas/channels";
import { canvasRounds } from "../../src/ui/views/canvas/cells";
import { describePoint, mapView, plotOf } from "../../src/ui/views/canvas/map";
import { curvesView } from "../../src/ui/views/canvas/curves";
import { canvasTotals, stepNumbers } from "../../src/ui/views/canvas/series";
import { cachedRun, canvasRuns, guidedRun, prophetRun, raddRun } from "./canvas_moments";

type Kind<K extends TraceEvent["kind"]> = Extract<TraceEvent, { kind: K }>;
const ofKind = <K extends TraceEvent["kind"]>(run: Timeline, kind: K): Kind<K>[] =>
  run.events.filter((e): e is Kind<K> => e.kind === kind);

describe("a position in the inspector", () => {
  it("knows its commit by the event that made it, whatever step is asked", () => {
    for (const run of Object.values(canvasRuns))
      for (const e of ofKind(run, "unmask"))
        e.positions.forEach((position, i) => {
          const now = inspectPosition(run.latest, e.step, position)!;
          expect(now.commit).toEqual({ step: e.step, reason: e.reason, p: Math.exp(e.logprobs[i]!) });
          expect(now.cell.token).toBe(e.tokens[i]);
          if (e.step > 0) expect(inspectPosition(run.latest, e.step - 1, position)!.commit).toBeNull();
        });
  });

  it("lists what the model said last, and its history up to there", () => {
    for (const { step, positions, top } of ofKind(cachedRun, "scores"))
      positions.forEach((position, i) => {
        const found = inspectPosition(cachedRun.latest, step, position)!;
        expect(found.opinion?.step).toBe(step);
        expect(found.rows.map((r) => r.token)).toEqual(top[i]!.map(([token]) => token));
        expect(found.past.at(-1)).toMatchObject({ step, token: top[i]![0]![0] });
        expect(found.past.every((o) => o.step <= step)).toBe(true);
      });
  });

  it("says what the guider made of it", () => {
    let kept = 0;
    for (const e of ofKind(guidedRun, "judge"))
      e.positions.forEach((position, i) => {
        const { judged } = inspectPosition(guidedRun.latest, e.step, position)!;
        expect(judged).toMatchObject({ token: e.tokens[i], rank: e.ranks[i], isKept: i < e.accepted });
        kept += judged!.isKept ? 1 : 0;
      });
    expect(kept).toBeGreaterThan(0);
    expect(inspectPosition(cachedRun.latest, 3, 10)!.judged).toBeNull();
  });

  it("is nothing where the run has no such place", () => {
    expect(inspectPosition(cachedRun.latest, 3, 99)).toBeNull();
    expect(inspectPosition(new Timeline().latest, 0, 0)).toBeNull();
  });

  it("joins steps with the same favourite", () => {
    const past = [7, 7, 3, 7].map((token, step) => ({ step, token, text: "", p: step / 10 }));
    expect(favouritesOf(past).map(({ from, to, token }) => [from, to, token])).toEqual([
      [0, 1, 7],
      [2, 2, 3],
      [3, 3, 7],
    ]);
    expect(favouritesOf(past)[0]).toMatchObject({ least: 0, most: 0.1 });
  });

  it("is told in words for every state", () => {
    const words = (run: Timeline, step: number, position: number): string =>
      renderToStaticMarkup(<Position inspected={inspectPosition(run.latest, step, position)!} steps={20} />);
    expect(words(cachedRun, 2, 1)).toContain("part of the prompt");
    expect(words(cachedRun, -1, 9)).toContain("the model was not asked yet");
    expect(words(cachedRun, 19, 9)).toContain("committed in step");
    expect(words(guidedRun, 0, 4)).toContain("The guider");
  });
});

describe("the map", () => {
  it("has for each channel exactly the numbers of the events", () => {
    const { latest } = prophetRun;
    for (const e of ofKind(prophetRun, "scores")) {
      const round = latest.rounds.at(e.step)!.canvas!;
      const of = (id: string, p: number): number | null => channelOf(id).value(round, e.step, p);
      e.positions.forEach((p, i) => {
        expect(of("confidence", p)).toBe(Math.exp(e.logprobs[i]!));
        expect(of("gap", p)).toBe(e.gaps[i]);
        expect(of("margin", p)).toBe(e.margins[i]);
        expect(of("entropy", p)).toBeCloseTo(e.entropies[i]!, 9);
      });
      const silent = round.cells.map((c) => c.position).filter((p) => !e.positions.includes(p));
      for (const p of silent) expect(of("gap", p)).toBeNull();
    }
  });

  it("counts cache ages from the pass that computed a row", () => {
    const computed: number[] = [];
    for (const e of ofKind(cachedRun, "denoise")) {
      for (const [a, b] of e.computed) for (let p = a; p < b; p++) computed[p] = e.step;
      const round = cachedRun.latest.rounds.at(e.step)!.canvas!;
      computed.forEach((at, p) => {
        expect(channelOf("cache_age").value(round, e.step, p)).toBe(e.step - at);
      });
    }
  });

  it("has a scale that holds every number", () => {
    for (const run of Object.values(canvasRuns)) {
      const rounds = canvasRounds(run.latest, run.latest.rounds.length - 1);
      for (const channel of CHANNELS) {
        const end = scaleEnd(channel, rounds);
        expect(end).toBeGreaterThan(0);
        for (const { step, canvas } of rounds)
          for (const { position } of canvas.cells)
            expect(channel.value(canvas, step, position) ?? 0).toBeLessThanOrEqual(end);
      }
    }
  });

  it("leaves the planned steps that an early stop saved empty", () => {
    const planned = prophetRun.latest.canvas!.start.planned!;
    expect(prophetRun.latest.rounds.length).toBeLessThan(planned);
    expect(plotOf(prophetRun.latest, 800).steps).toBe(planned);
  });

  it("says a place in words", () => {
    expect(describePoint(raddRun.latest, 0, 0, channelOf("gap"))).toContain("nothing said of it");
    expect(describePoint(prophetRun.latest, 0, 6, channelOf("gap"))).toMatch(
      /^Step 1, position 6, masked: gap \d/,
    );
  });

  it("is a few paths however large the canvas", () => {
    const side = 256;
    const cells = Array.from({ length: side }, (_, p) => p);
    const events: TraceEvent[] = [
      {
        kind: "canvas",
        step: 0,
        ms: 0,
        tokens: cells.map(() => 1),
        masked: [[0, side]],
        mask: 1,
        layers: 2,
        planned: side,
      },
      ...cells.flatMap((step): TraceEvent[] => {
        const open = cells.slice(step);
        return [
          {
            kind: "denoise",
            step,
            ms: step,
            block: [0, side],
            computed: [[0, side]],
            refreshed: true,
            reused: false,
          },
          {
            kind: "scores",
            step,
            ms: step,
            positions: open,
            tokens: open,
            logprobs: open.map((p) => -((p * 37 + step * 11) % 9) / 2),
            best: open,
            second: open,
            gaps: open.map((p) => (p * 7 + step) % 5),
            margins: open.map(() => 0.5),
            entropies: open.map(() => 1),
            priorities: open,
            top: open.map(() => []),
          },
          {
            kind: "unmask",
            step,
            ms: step,
            positions: [step],
            tokens: [0],
            logprobs: [-1],
            reason: "ranked",
          },
        ];
      }),
    ];
    const { latest } = new Timeline(events);
    const size = { width: 900, height: mapView.heightAt!(latest, 200, 900) };
    const svg = renderToStaticMarkup(<mapView.Drawing view={latest} step={200} size={size} />);
    expect(svg.split("<path").length).toBeLessThan(40);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

it("the inspector says of how many, and names what it counts", () => {
  const said = (run: Timeline): string => renderToStaticMarkup(<CanvasCounts view={run.latest} />);
  const { planned } = prophetRun.latest.canvas!.start;
  const { metrics } = guidedRun.latest;
  expect(said(prophetRun)).toContain(`>${prophetRun.latest.rounds.length} of ${planned}<`);
  expect(said(guidedRun)).toContain(`>${metrics.draftForwards} passes, ${metrics.draftRows} rows<`);
  const { rowLayers, uncachedRowLayers } = canvasTotals(cachedRun.latest)!;
  expect(rowLayers).toBeLessThan(uncachedRowLayers);
  expect(said(cachedRun)).toContain(`>${count(rowLayers)} of ${count(uncachedRowLayers)}<`);
});

describe("numbers over the steps", () => {
  it("add up to the metrics of the run", () => {
    for (const run of Object.values(canvasRuns)) {
      const numbers = stepNumbers(run.latest);
      const { metrics } = run.latest;
      expect(numbers).toHaveLength(run.latest.rounds.length);
      expect(numbers.reduce((sum, n) => sum + n.rows, 0)).toBe(metrics.targetRows);
      expect(numbers.at(-1)!.total).toBe(metrics.tokens);
      const totals = canvasTotals(run.latest)!;
      expect(totals.rowLayers).toBe(3 * metrics.targetRows);
      expect(totals.uncachedRowLayers).toBe(3 * 24 * metrics.targetForwards);
      expect(totals.chosen).toBeLessThanOrEqual(20);
    }
  });

  it("have the gap and the bar that Prophet decided by", () => {
    const told = ofKind(prophetRun, "probe").map(({ step, values: { gap, bar } }) => [step, { gap, bar }]);
    expect(told.length).toBeGreaterThan(3);
    const shown = stepNumbers(prophetRun.latest).filter((n) => n.stop !== null);
    expect(shown.map((n) => [n.step, n.stop])).toEqual(told);
    expect(stepNumbers(cachedRun.latest).every((n) => n.stop === null)).toBe(true);
  });

  it("count no rows in steps without a pass", () => {
    const reused = ofKind(raddRun, "denoise").filter((e) => e.reused);
    expect(reused.length).toBeGreaterThan(0);
    for (const e of reused)
      expect(stepNumbers(raddRun.latest)[e.step]).toMatchObject({ rows: 0, committed: 0 });
  });

  it("have every probe of a method, and what is committed as a score", () => {
    const told = ofKind(raddRun, "probe");
    expect(told.length).toBeGreaterThan(3);
    const numbers = stepNumbers(raddRun.latest);
    for (const { step, name, values } of told) expect(numbers[step]!.probes.get(name)).toEqual(values);
    // Live count: what the events' costs say. The curve of the formula rises to its end.
    const passes = ofKind(raddRun, "cost").map((e) => e.targetForwards);
    told.forEach(({ values }, i) =>
      expect(values["passes"]).toBe(passes.slice(0, i + 1).reduce((a, b) => a + b, 0)),
    );
    const expected = told.map(({ values }) => values["expected"]!);
    expect([...expected].sort((a, b) => a - b)).toEqual(expected);
    expect(expected.at(-1)).toBeLessThanOrEqual(told[0]!.values["inAll"]!);
    const logprobs = ofKind(raddRun, "unmask")
      .filter((e) => e.reason !== "end_fill")
      .flatMap((e) => e.logprobs);
    expect(numbers.at(-1)!.score).toBeCloseTo(
      logprobs.reduce((a, b) => a + b, 0),
      10,
    );
  });

  it("are drawn with title and axis, those of an unknown probe under its own names", () => {
    const draw = (events: readonly TraceEvent[]): string => {
      const { latest } = new Timeline(events);
      const size = { width: 900, height: curvesView.heightAt!(latest, 2, 900) };
      const svg = renderToStaticMarkup(<curvesView.Drawing view={latest} step={2} size={size} />);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      return svg;
    };
    const radd = draw(raddRun.events);
    for (const words of [
      "Function evaluations",
      "forward passes so far",
      "expected",
      "Score of the text",
      "nats",
    ])
      expect(radd).toContain(words);
    const other = draw(
      raddRun.events.map((e) =>
        e.kind === "probe" ? { ...e, name: "heat", values: { warm: e.step, cold: -e.step } } : e,
      ),
    );
    for (const words of [">heat<", "warm, cold, as the method reports them", ">cold<"])
      expect(other).toContain(words);
    expect(draw(cachedRun.events)).not.toContain("evaluations");
  });
  it("have a dot for every pass, also for one between steps that made none", () => {
    for (const run of Object.values(canvasRuns)) {
      const { latest } = run;
      const step = latest.rounds.length - 1;
      const size = { width: 820, height: curvesView.heightAt!(latest, step, 820) };
      const svg = renderToStaticMarkup(<curvesView.Drawing view={latest} step={step} size={size} />);
      const dots = [...svg.matchAll(/ d="((?:M[\d.]+,[\d.]+h0)+)"/g)].map(
        ([, d]) => d!.split("h0").length - 1,
      );
      const looked = ofKind(run, "scores").length;
      const stops = stepNumbers(latest).filter((n) => n.stop !== null).length;
      expect(dots).toEqual([looked, stops > 0 ? stops : looked]);
    }
    const passes = stepNumbers(raddRun.latest).map((n) => n.confidence !== null);
    expect(passes.some((made, i) => made && !passes[i - 1] && !passes[i + 1])).toBe(true);
  });
});
