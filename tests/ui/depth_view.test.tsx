/** The drawing of recurrences, from the recorded run of the gallery. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { decodeTrace } from "../../src/trace/codec";
import type { TraceEvent } from "../../src/trace/events";
import { criteria } from "../../src/decoding/depth/policy";
import { Timeline } from "../../src/trace/timeline";
import { DepthCounts, DepthHeadline } from "../../src/ui/panels/DepthFacts";
import { DepthLadder } from "../../src/ui/panels/DepthLadder";
import { DepthKey, depthsOf, promptTokens, TintedPrompt, tintStyle } from "../../src/ui/panels/DepthText";
import { depthView } from "../../src/ui/views/depth/grid";
import { ladderOf } from "../../src/ui/views/depth/ladder";
import { depthLines, stopChances, summaryOf } from "../../src/ui/views/depth/lines";
import { decidingSignal, signalIds, thresholdOf } from "../../src/ui/views/depth/signals";
import { waveView } from "../../src/ui/views/depth/wave";
import { WaveKey } from "../../src/ui/views/depth/wave_key";
import { hatch, wavePace, waveRows } from "../../src/ui/views/depth/wave_plot";
import { depthWords, recursionSets, wordsView } from "../../src/ui/views/depth/words";
import { describeRound, Stamp } from "../../src/ui/views/thumbnail";
import { shownView, tabsFor } from "../../src/ui/views/index";
import { readText } from "../helpers/repository";

const timeline = new Timeline(decodeTrace(readText("public/recordings/recurrent.jsonl")).events);
const last = timeline.latest.rounds.length - 1;

function draw(step: number, width: number): string {
  const view = timeline.viewAfterStep(step);
  const height = depthView.heightAt!(view, step, width);
  return renderToStaticMarkup(<depthView.Drawing view={view} step={step} size={{ width, height }} />);
}

describe("recurrences", () => {
  it("has a line for every token that ran, and a cell for each of its recurrences", () => {
    const lines = depthLines(timeline.latest, last);
    const ran = timeline.events.flatMap((e) => (e.kind === "depth" ? [e] : []));
    expect(lines.map((line) => [line.position, line.cells.length])).toEqual(
      ran.map((e) => [e.position, e.depth]),
    );
    expect(new Set(ran.map((e) => e.depth)).size).toBeGreaterThan(1);
    expect(draw(last, 900).split('data-testid="depth-line"').length - 1).toBe(lines.length);
  });

  it("marks what was said in the end", () => {
    for (const line of depthLines(timeline.latest, last).slice(-10, -1))
      if (line.next !== null && line.cells.at(-1)!.said === line.next) {
        expect(draw(last, 900)).toContain('fill="var(--accepted)" font-weight="620"');
        return;
      }
    throw new Error("no token was the most probable one");
  });

  it("draws every step at every width, with finite numbers only", () => {
    for (const width of [320, 820, 1600])
      for (let step = -1; step <= last; step++)
        expect(draw(step, width)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("shows the signal that was chosen, and of itself the one that decides", () => {
    const view = timeline.latest;
    const size = { width: 900, height: depthView.heightAt!(view, last, 900) };
    const shown = (choice?: string): string =>
      renderToStaticMarkup(<depthView.Drawing view={view} step={last} size={size} choice={choice} />);
    expect(shown()).toBe(shown("change"));
    expect(shown()).toContain("stops below 0.03");
    const options = depthView.choice!.options.map((o) => o.value);
    expect(options.slice(1)).toEqual([...signalIds]);
    expect(new Set(options.map(shown)).size).toBe(signalIds.length);
    // No router: gates are not measured, and no cell has ink.
    expect(shown("gate")).toContain('stroke-dasharray="2 2"');
    expect(decidingSignal(view)).toBe("change");
    const kl = { ...view, start: { ...view.start!, params: { criterion: "kl", threshold: 0 } } };
    expect([decidingSignal(kl), thresholdOf(kl, "kl"), thresholdOf(kl, "change")]).toEqual([
      "kl",
      0.001,
      null,
    ]);
  });

  it.each([
    ["latent-diff", 0.03],
    ["cosine", 0.01],
    ["kl", 0.01],
    ["minp-kl", 0.001],
    ["entropy-diff", 0.05],
    ["argmax-stability", 2],
  ] as const)("shows by %s what that criterion goes by", (criterion, threshold) => {
    const view = {
      ...timeline.latest,
      start: { ...timeline.latest.start!, params: { criterion, threshold } },
    };
    const signal = decidingSignal(view);
    expect(thresholdOf(view, signal)).toBe(threshold);
    const stops = new Set<boolean>();
    // The prompt is not read out after every recurrence.
    const isRead = (said: number | null): boolean => said !== null || !criteria[criterion].readsOut;
    for (const { cells } of depthLines(view, last).filter((line) => line.cells.every((c) => isRead(c.said))))
      cells.forEach((cell, i) => {
        const seen = cells.slice(0, i + 1).map(({ change, turn, kl, minPKl, entropy, said }) => ({
          ...{ relChange: change, cosine: turn, kl, minPKl, entropy, argmax: said, exit: null },
        }));
        const value = cell[signal];
        const stopsHere =
          value !== null && (criterion === "argmax-stability" ? value >= threshold : value < threshold);
        expect(stopsHere).toBe(criteria[criterion].exits(seen, threshold));
        stops.add(stopsHere);
      });
    expect(stops.size, "some recurrences stop, some do not").toBe(2);
  });

  it("counts the keys that are kept of each token: one place in both layers, of twelve that there could be", () => {
    const lines = depthLines(timeline.latest, last);
    expect(new Set(lines.map((line) => line.entries))).toEqual(new Set([2]));
    expect(lines[0]!.mostEntries).toBe(24);
    const { entries } = summaryOf(lines)!;
    expect(entries).toBe(timeline.latest.rounds.at(-1)!.recursion!.recurs.at(-1)!.kvEntries);
    expect(draw(last, 900)).toContain(`${entries} keys kept, with all recurrences ${12 * entries}`);
  });

  it("draws a wave a row, every step of it, and says what a token cost", () => {
    const wave = new Timeline(decodeTrace(readText("public/recordings/depth-wavefront.jsonl")).events);
    const rows = waveRows(wave.latest);
    const committed = wave.latest.tokens.length;
    // The first token comes with the prompt.
    expect(wavePace(rows).tokens).toBe(committed - 1);
    expect(wavePace(rows).forwards).toBe(rows.length);
    // Frozen positions are squares, and plain decoding takes a row of its own for every recurrence that a step runs.
    const steps = wave.events.flatMap((e) => (e.kind === "wave" ? [e.frozenTo - e.draftFrom] : []));
    const svg900 = renderToStaticMarkup(
      <waveView.Drawing view={wave.latest} step={3} size={{ width: 900, height: 600 }} />,
    );
    expect(svg900.split('width="6" height="6" fill="var(--accepted)"').length - 1).toBe(
      steps.reduce((sum, n) => sum + n, 0),
    );
    expect(svg900).toContain("plain decoding, 6 recurrences a token");
    for (const width of [320, 900]) {
      const height = waveView.heightAt!(wave.latest, 3, width);
      const svg = renderToStaticMarkup(
        <waveView.Drawing view={wave.latest} step={3} size={{ width, height }} />,
      );
      expect(svg.split('data-testid="wave-row"').length - 1).toBe(rows.length);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("says of a wave's pace whether the prompt's pass is counted, and how deep prompt and wave may go", () => {
    const { latest: view } = new Timeline(
      decodeTrace(readText("public/recordings/depth-wavefront.jsonl")).events,
    );
    const { coreForwards, tokens } = view.metrics;
    const pace = wavePace(waveRows(view));
    // The two differ by the prompt's pass, six recurrences, and the token that comes with it.
    expect([coreForwards - pace.forwards, tokens - pace.tokens]).toEqual([6, 1]);
    const headline = renderToStaticMarkup(<DepthHeadline view={view} />);
    expect(headline).toContain(`>${(coreForwards / tokens).toFixed(2)}<`);
    expect(headline).toContain("the prompt\u2019s pass counted; at full depth 6");
    const step = view.rounds.length - 1;
    const size = { width: 900, height: 600 };
    expect(renderToStaticMarkup(<WaveKey view={view} step={step} size={size} />)).toContain(
      `${(pace.forwards / pace.tokens).toFixed(2)} recurrences in a row a token after the prompt\u2019s pass`,
    );
    const words = renderToStaticMarkup(<wordsView.Drawing view={view} step={step} size={size} />);
    expect(words).toContain("mean 5.00: prompt 6, wave at most 32");
    const other = renderToStaticMarkup(<DepthHeadline view={timeline.latest} />);
    expect(other).not.toContain("pass counted");
  });

  it("hatches exactly the drafts that are another token than in the step before", () => {
    const wave = new Timeline(decodeTrace(readText("public/recordings/depth-wavefront.jsonl")).events);
    const waves = wave.events.flatMap((e) => (e.kind === "wave" ? [e] : []));
    const changed = waves.flatMap((e, i) => {
      const before = waves[i - 1];
      return e.tokens.filter((token, k) => {
        const old = before?.tokens[e.draftFrom + k - before.draftFrom];
        return old !== undefined && old !== token;
      });
    });
    expect(changed.length).toBeGreaterThan(0);
    const svg = renderToStaticMarkup(
      <waveView.Drawing view={wave.latest} step={3} size={{ width: 900, height: 600 }} />,
    );
    // One more stands in the key.
    expect(svg.split('stroke-width="0.8" opacity="0.55"').length - 1).toBe(changed.length + 1);
    // Lines stay inside their cell.
    const ends = [...hatch(40, 19).matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(ends.length).toBeGreaterThan(8);
    for (const [x, y] of ends) {
      expect(x! >= 0.5 && x! <= 40.5).toBe(true);
      expect(y! >= 1 && y! <= 20).toBe(true);
    }
  });

  it("explains every mark at every width, in the key that stays in sight", () => {
    const wave = new Timeline(decodeTrace(readText("public/recordings/depth-wavefront.jsonl")).events);
    for (const width of [320, 390, 820, 1600]) {
      const key = renderToStaticMarkup(
        <svg>
          <WaveKey view={wave.latest} step={3} size={{ width, height: 600 }} />
        </svg>,
      );
      for (const name of ["new latent", "another token", "anchor, end of the wave", "6 recurrences a token"])
        expect(key).toContain(name);
      const height = waveView.key!.heightAt(wave.latest, 3, width);
      // The first row begins under it.
      const svg = renderToStaticMarkup(
        <waveView.Drawing view={wave.latest} step={3} size={{ width, height: 600 }} />,
      );
      expect(svg).toContain(`translate(24,${height})`);
      const lines = [...key.matchAll(/translate\([\d.]+,(\d+)\)/g)].map(([, y]) => Number(y));
      expect(Math.max(...lines)).toBeLessThan(height);
    }
  });

  it("has a ladder for every position: what it would have said after each recurrence, and how sure", () => {
    for (const line of depthLines(timeline.latest, last)) {
      const ladder = ladderOf(timeline.latest, last, line.position)!;
      expect(ladder.rungs.map((rung) => rung.recurrences)).toEqual(line.cells.map((_, i) => i + 1));
      expect(ladder.threshold).toBe(0.03);
      // It stops with the first value below the threshold.
      const values = ladder.rungs.map((rung) => rung.value!);
      if (line.reason === "converged") expect(values.findIndex((v) => v < 0.03)).toBe(values.length - 1);
      for (const rung of ladder.rungs)
        if (rung.p !== null) expect(rung.p > 0 && rung.p <= 1 && rung.said !== null).toBe(true);
    }
    const spoke = timeline.latest.prompt.length - 1;
    const html = renderToStaticMarkup(<DepthLadder view={timeline.latest} step={last} position={spoke} />);
    expect(html.split("<tr").length - 2).toBe(depthLines(timeline.latest, last)[spoke]!.cells.length);
    expect(renderToStaticMarkup(<DepthLadder view={timeline.latest} step={last} position={2} />)).toContain(
      "were not read out",
    );
    expect(ladderOf(timeline.latest, last, 9999)).toBeNull();
  });

  it("has a stamp for each step: rungs for recurrences that ran and that were spared", () => {
    for (const round of timeline.latest.rounds.toArray()) {
      const svg = renderToStaticMarkup(<Stamp round={round} width={58} height={38} />);
      const { depth, maxDepth } = round.recursion!.depths.at(-1)!;
      const [spared, ran] = [...svg.matchAll(/ d="([^"]*)"/g)].map(([, d]) => d!.split("M").length - 1);
      expect([ran, spared]).toEqual([depth, maxDepth - depth]);
      expect(describeRound(round)).toContain(`${depth} recurrence`);
    }
  });

  it("has a ladder for a position of a wave, a rung a step, the last what was frozen", () => {
    const wave = new Timeline(decodeTrace(readText("public/recordings/depth-wavefront.jsonl")).events);
    const ends = wave.events.flatMap((e) => (e.kind === "depth" && e.step > 0 ? [e] : []));
    expect(ends.length).toBeGreaterThan(0);
    for (const e of ends) {
      const { rungs } = ladderOf(wave.latest, wave.stepCount - 1, e.position)!;
      expect(rungs.at(-1)).toMatchObject({ recurrences: e.depth, isFinal: true });
      expect(rungs[0]!.value).toBeNull();
    }
  });

  it("tints every token of the text that has run, the prompt's too, by its depth", () => {
    const { latest } = timeline;
    const depths = depthsOf(latest)!;
    const shown = promptTokens(latest)!;
    expect(shown.map((t) => t.text).join("")).toBe(latest.start!.prompt);
    const html = renderToStaticMarkup(<TintedPrompt view={latest} depths={depths} />);
    expect([...html.matchAll(/data-depth="(\d+)"/g)].map(([, d]) => Number(d))).toEqual(
      shown.map((t) => latest.depths.get(t.position)!.depth),
    );
    const all = timeline.events.flatMap((e) => (e.kind === "depth" ? [e.depth] : []));
    expect(depths.known).toEqual([...new Set(all)].sort((a, b) => a - b));
    expect(
      renderToStaticMarkup(<DepthKey {...depths} />)
        .replace(/<[^>]*>/g, " ")
        .match(/\d+/g),
    ).toEqual(depths.known.map(String));
    // Deeper is darker.
    const inks = depths.known.map((d) => parseFloat(String(tintStyle(d, depths.deepest)["--depth"])));
    expect(inks).toEqual([...inks].sort((a, b) => a - b));
    expect(depthsOf(timeline.viewAt(0))).toBeNull();
    const other = { ...latest, start: { ...latest.start!, prompt: "another" } };
    expect(renderToStaticMarkup(<TintedPrompt view={other} depths={depths} />)).toBe("another");
  });

  it("has its own numbers beside it", () => {
    const html = renderToStaticMarkup(
      <>
        <DepthHeadline view={timeline.latest} />
        <dl>
          <DepthCounts view={timeline.latest} />
        </dl>
      </>,
    );
    const { coreForwards, tokens } = timeline.latest.metrics;
    expect(tokens).toBeGreaterThan(0);
    expect(html).toContain(`>${(coreForwards / tokens).toFixed(2)}<`);
    expect(html).toContain(`at full depth ${depthLines(timeline.latest, last)[0]!.maxDepth}`);
    expect(html).toContain("keys with values in the core");
  });

  it("is a tab of such runs alone", () => {
    expect(tabsFor("depth").map((t) => t.head.id)).toContain("depth");
    expect(tabsFor("depth").map((t) => t.head.id)).not.toContain("wave");
    expect(tabsFor("text").map((t) => t.head.id)).not.toContain("depth");
    expect(tabsFor("text").map((t) => t.head.id)).not.toContain("wave");
    expect(shownView("depth", "depth").head.id).toBe("depth");
  });
});

describe("probabilities of depths", () => {
  /** The recorded run, its tokens' depths drawn from a law, or its recurrences followed by an exit gate. */
  const changed = (change: (e: TraceEvent) => TraceEvent) => new Timeline(timeline.events.map(change)).latest;

  it("draws the law that a token chose its depth from, a line for each depth, its own filled", () => {
    const law = [0.1, 0.2, 0.3, 0.25, 0.15];
    const view = changed((e) => (e.kind === "depth" ? { ...e, reason: "chosen", law } : e));
    const lines = depthLines(view, last);
    expect(lines.every((line) => line.chances === law)).toBe(true);
    const height = depthView.heightAt!(view, last, 900);
    const svg = renderToStaticMarkup(
      <depthView.Drawing view={view} step={last} size={{ width: 900, height }} />,
    );
    const drawn = [
      ...svg.matchAll(/<rect data-testid="depth-chance"[^>]*width="([\d.]+)"[^>]*fill="([^"]+)"/g),
    ];
    expect(drawn).toHaveLength(law.length * lines.length);
    const [first] = lines;
    const own = drawn.slice(0, law.length);
    own.forEach(([, width, fill], i) => {
      expect(Number(width) / Number(own[0]![1])).toBeCloseTo(law[i]! / law[0]!, 0);
      expect(fill).toBe(i + 1 === first!.depth ? "var(--accepted)" : "var(--sheet)");
    });
    expect(depthView.helpAt!(view, last)).toContain("law over the depths");
  });

  it("says from an exit gate how probable stopping was after each loop, and until it", () => {
    // The golden vector of the gate.
    const chances = stopChances([0.2, 0.5, 0.9, 0.3], 4);
    [0.2, 0.4, 0.36, 0.04].forEach((p, i) => expect(chances[i]).toBeCloseTo(p, 12));
    expect(chances.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    const view = changed((e) => (e.kind === "recur" ? { ...e, exit: e.positions.map(() => 0.25) } : e));
    for (const { cells, chances: own } of depthLines(view, last)) {
      own!.forEach((p, i) => expect(p).toBeCloseTo(0.25 * 0.75 ** i, 12));
      cells.forEach((cell, i) => expect(cell.stop).toBeCloseTo(1 - 0.75 ** (i + 1), 12));
    }
    const gated = (threshold: number) => ({
      ...view,
      start: { ...view.start!, params: { criterion: "exit-gate", threshold } },
    });
    expect(decidingSignal(gated(0.6))).toBe("stop");
    expect(thresholdOf(gated(0.6), "stop")).toBe(0.6);
    expect(thresholdOf(gated(0), "stop")).toBeNull();
    expect(depthView.helpAt!(view, last)).toContain("exit gate");
  });
});

describe("a mixture of recursions", () => {
  const mor = new Timeline(decodeTrace(readText("public/recordings/mor.jsonl")).events);
  const end = mor.latest.rounds.length - 1;
  const drawn = (view: typeof wordsView, step: number, width: number): string => {
    const moment = mor.viewAfterStep(step);
    const height = view.heightAt!(moment, step, width);
    return renderToStaticMarkup(<view.Drawing view={moment} step={step} size={{ width, height }} />);
  };

  it("has a gate in every cell, and one outlined where a token was not let in", () => {
    const lines = depthLines(mor.latest, end);
    expect(lines.every((line) => line.cells.every((cell) => cell.gate !== null))).toBe(true);
    const refused = lines.filter((line) => line.refused !== null);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((line) => line.refused! < 0.5 && line.reason === "router")).toBe(true);
    expect(drawn(depthView, end, 900).split('stroke="var(--rejected)"').length - 1).toBe(refused.length);
  });

  it("shows the words of each recursion, fewer each time, and the keys they keep", () => {
    const sets = recursionSets(mor.latest, end)!;
    const words = depthWords(mor.latest, end);
    expect(sets).toHaveLength(3);
    expect(sets[0]!.words).toBe(words.length);
    expect(sets[1]!.words).toBeLessThan(sets[0]!.words);
    expect(sets[2]!.words).toBeLessThan(sets[1]!.words);
    // Two shared layers; the grid counts the same keys token by token.
    const lines = depthLines(mor.latest, end);
    expect(lines.reduce((sum, line) => sum + line.entries, 0)).toBe(
      sets.reduce((sum, set) => sum + set.entries, 0),
    );
    expect(sets.map((set) => set.entries)).toEqual(sets.map((set) => 2 * set.words));
    const svg = drawn(wordsView, end, 900);
    expect(svg.split('data-testid="recursion-words"').length - 1).toBe(3);
    expect(svg).toContain(`with every token in every recursion ${2 * 3 * words.length}`);
    const counts = renderToStaticMarkup(<DepthCounts view={mor.latest} />);
    const total = sets.reduce((sum, set) => sum + set.entries, 0);
    expect(counts).toContain(`${total} of ${6 * words.length}`);
  });

  it("tints the text of every run of recurrences, at every width and step", () => {
    for (const width of [320, 1600])
      for (let step = -1; step <= end; step++)
        for (const view of [wordsView, depthView])
          expect(drawn(view, step, width)).not.toMatch(/NaN|Infinity|undefined/);
    const strip = renderToStaticMarkup(
      <wordsView.Drawing view={timeline.latest} step={last} size={{ width: 600, height: 300 }} />,
    );
    expect(strip.split('data-testid="depth-word"').length - 1).toBe(depthLines(timeline.latest, last).length);
    expect(strip).not.toContain("recursion-words");
  });
});
