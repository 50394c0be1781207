import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTrace } from "../../../src/trace/codec";
import type { TraceEvent } from "../../../src/trace/events";
import { applyEvent, emptyView, foldEvents } from "../../../src/trace/fold";
import {
  acceptanceDeviation,
  acceptanceOfDrafted,
  acceptanceOfTested,
  expectedAcceptance,
  tokensPerTargetForward,
  type Acceptance,
} from "../../../src/trace/metrics";
import {
  candidatesOf,
  drawnChildren,
  marksOf,
  pieceOf,
  roundOf,
  type RunView,
} from "../../../src/trace/view";
import { deepFreeze, plain } from "../../helpers/plain_view";
import { sampleTrace } from "../../helpers/sample_trace";

const FIXTURES = new URL("../../fixtures/traces/", import.meta.url);
const fixture = (name: string): readonly TraceEvent[] =>
  decodeTrace(readFileSync(new URL(`${name}.jsonl`, FIXTURES), "utf8")).events;
const ofKind = <K extends TraceEvent["kind"]>(events: readonly TraceEvent[], kind: K) =>
  events.filter((e): e is Extract<TraceEvent, { kind: K }> => e.kind === kind);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The view after each prefix of the events, the empty one first. */
function viewsOf(events: readonly TraceEvent[]): RunView[] {
  const views = [emptyView()];
  for (const e of events) views.push(applyEvent(views.at(-1)!, e));
  return views;
}

describe("a branch", () => {
  const [start, ...rest] = fixture("worked_example");
  if (start?.kind !== "run_start") throw new Error("no start");
  // The tokens of the example as they stand, then those it committed, one position later each.
  const begin = { step: 4, tokens: [2, 0], forced: [0] };
  const branch = { ...start, begin, maxNewTokens: 4 };
  const view = foldEvents([branch, ...rest.filter((e) => e.kind !== "run_end")]);

  it("has its given tokens in the text before the first round, and none of them in the counts", () => {
    expect(view.text.startsWith("ca")).toBe(true);
    expect(view.tokens.slice(0, 2)).toMatchObject([
      { position: 1, token: 2, text: "c", origin: "forced", logprob: null, step: -1, node: null },
      { position: 2, token: 0, text: "a", origin: "given", logprob: null, step: -1, node: null },
    ]);
    expect(view.tokens.at(2)).toMatchObject({ origin: "accepted", text: "b" });
    expect(view.metrics.tokens).toBe(2);
    expect(tokensPerTargetForward(view.metrics)).toBe(2);
  });
});

describe("independent paths that begin alike", () => {
  // Three paths, the first two with the same token first; the second of these was accepted, and then what follows both.
  const [start, pieces, prefill, draft, ...rest] = fixture("worked_example");
  const verify = rest.find((e) => e.kind === "verify");
  if (draft?.kind !== "draft" || !verify) throw new Error("no round");
  const plainNode = { ...draft.nodes[1]!, logq: -1, phi: -1, perturbed: 0 };
  const below = { parent: 1, depth: 2, phi: -2 };
  const nodes = [
    draft.nodes[0]!,
    { ...plainNode, id: 1, sibling: 0, token: 3 },
    { ...plainNode, id: 2, sibling: 1, token: 3 },
    { ...plainNode, id: 3, sibling: 2, token: 1 },
    { ...plainNode, ...below, id: 4, sibling: 0, token: 2 },
    { ...plainNode, ...below, id: 5, sibling: 1, token: 2 },
  ];
  const outcomes = ["rejected", "accepted", "not_reached", "accepted", "not_reached"] as const;
  const verdicts = outcomes.map((outcome, i) => ({ ...verify.verdicts[0]!, id: i + 1, outcome }));
  const tree = { ...draft, law: "iidPaths", nodes } as const;
  const round = roundOf(
    foldEvents([start!, pieces!, prefill!, tree, { ...verify, rule: "k_seq", verdicts, path: [0, 2, 4] }]),
    0,
  )!;

  it("share what follows, and so the accepted one has it", () => {
    expect(round.nodes.map((n) => n.children)).toEqual([[1, 2, 3], [4, 5], [4, 5], [], [], []]);
  });

  it("are drawn with it once: below the accepted one, or the first before there is one", () => {
    const drawn = (r: typeof round) => r.nodes.map((n) => drawnChildren(r, n));
    expect(drawn(round)).toEqual([[1, 2, 3], [], [4, 5], [], [], []]);
    expect(drawn({ ...round, path: [] })).toEqual([[1, 2, 3], [4, 5], [], [], [], []]);
  });

  it("share nothing under other laws", () => {
    const own = foldEvents([start!, pieces!, prefill!, { ...tree, law: "iid" }]);
    expect(roundOf(own, 0)!.nodes[2]!.children).toEqual([]);
  });
});

describe("the worked example", () => {
  const views = viewsOf(fixture("worked_example"));
  const view = views.at(-1)!;

  it("has settings, prompt, text and end", () => {
    expect(view.start?.method).toBe("rsd-c");
    expect(view.prompt).toEqual([{ position: 0, token: 0, text: "a" }]);
    expect(view.text).toBe("ba");
    expect(view.status).toMatchObject({ state: "ended", reason: "max_tokens", error: null });
    expect(view.tokens.toArray()).toMatchObject([
      {
        position: 1,
        token: 1,
        piece: "b",
        text: "b",
        origin: "accepted",
        logprob: -1.20397,
        step: 0,
        node: 2,
      },
      {
        position: 2,
        token: 0,
        piece: "a",
        text: "a",
        origin: "bonus",
        logprob: -0.916291,
        step: 0,
        node: null,
      },
    ]);
  });

  it("has one round with everything of it", () => {
    expect(view.rounds.length).toBe(1);
    const round = roundOf(view, 0)!;
    expect(round).toMatchObject({
      firstEvent: 3,
      startMs: 1,
      endMs: 2,
      base: 1,
      phase: "committed",
      law: "wor",
      depth: 2,
      rule: "recursive_rejection",
      isLossless: true,
      path: [0, 2],
      extra: "bonus",
      slots: { target: { written: 4, moves: [[2, 1]] }, draft: { written: 3 } },
      cost: { targetRows: 4, draftForwards: 2 },
    });
    expect(round.tokens).toEqual(view.tokens.toArray());
    expect(round.nodes.map((n) => [n.text, n.state, n.children, n.verdict?.u])).toEqual([
      ["a", "anchor", [1, 2], undefined],
      ["d", "rejected", [3], 0.5],
      ["b", "accepted", [], 0.6],
      ["c", "not_reached", [], null],
    ]);
  });

  it("has candidates by law and node", () => {
    const round = roundOf(view, 0)!;
    expect(candidatesOf(round, "draft", 0)?.top.map((c) => c.text)).toEqual(["d", "c", "b", "a"]);
    expect(candidatesOf(round, "target", 0)?.top.map((c) => c.text)).toEqual(["a", "b", "c", "d"]);
    expect(candidatesOf(round, "target", 2)).toMatchObject({
      position: 2,
      top: [{ token: 0 }, { token: 1 }],
    });
    expect(candidatesOf(round, "draft", 2)).toBeUndefined();
    expect(candidatesOf(round, "target", null)).toBeUndefined();
  });

  it("has metrics counted by hand", () => {
    const half = (a: Partial<Acceptance>): unknown => expect.objectContaining(a);
    expect(view.metrics).toMatchObject({
      tokens: 2,
      rounds: 1,
      targetForwards: 1,
      targetRows: 4,
      draftForwards: 2,
      draftRows: 3,
      dispatches: 40,
      submits: 1,
      readbacks: 1,
      wastedNodes: 2,
      slotMoves: { target: 1, draft: 1 },
      warnings: 0,
      byDepth: [
        half({ drafted: 2, tested: 2, accepted: 1, expected: 1 }),
        half({ drafted: 1, tested: 0, accepted: 0 }),
      ],
      bySibling: [half({ drafted: 2, tested: 1, accepted: 0 }), half({ drafted: 1, tested: 1, accepted: 1 })],
      kernels: [
        { name: "matvec", calls: 12, timeMs: 0.8 },
        { name: "attention", calls: 3, timeMs: 0.15 },
      ],
    });
    const { acceptance } = view.metrics;
    expect(acceptance).toEqual({ drafted: 3, tested: 2, accepted: 1, expected: 1, variance: 0.375 });
    expect(acceptanceOfTested(acceptance)).toBe(1 / 2);
    expect(acceptanceOfDrafted(acceptance)).toBe(1 / 3);
    expect(expectedAcceptance(acceptance)).toBe(1 / 2);
    expect(acceptanceDeviation(acceptance)).toBe(0);
    expect(tokensPerTargetForward(view.metrics)).toBe(2);
  });

  it("shows each phase on the way", () => {
    const phases = views.map((v) => v.rounds.at(-1)?.phase);
    expect(phases[3]).toBeUndefined();
    expect(phases.slice(4, 10)).toEqual([
      "drafted",
      "drafted",
      "drafted",
      "drafted",
      "verified",
      "committed",
    ]);
    expect(views[4]!.rounds.at(-1)!.nodes.map((n) => n.state)).toEqual([
      "anchor",
      "drafted",
      "drafted",
      "drafted",
    ]);
    expect(views.slice(0, 5).map((v) => v.status.state)).toEqual([
      "idle",
      "prefilling",
      "prefilling",
      "running",
      "running",
    ]);
    expect(views[8]!.text).toBe("");
    expect(views[9]!.text).toBe("ba");
  });
});

describe("a plain run", () => {
  const views = viewsOf(fixture("plain"));

  it("shows a character when it is complete", () => {
    expect(views.map((v) => v.text).filter((t, i, all) => t !== all[i - 1])).toEqual([
      "",
      "é",
      "é is",
      "é",
      "é.",
    ]);
    expect(
      views
        .at(-1)!
        .tokens.toArray()
        .map((t) => [t.piece, t.text, t.textEnd]),
    ).toEqual([
      ["\ufffd", "", 0],
      ["\ufffd", "é", 1],
      [".", ".", 2],
    ]);
  });

  it("takes tokens back", () => {
    const view = views.at(-1)!;
    expect(view.metrics).toMatchObject({ tokens: 3, rounds: 4, warnings: 1 });
    expect(view.warnings.toArray()).toEqual([
      { step: 2, event: 11, message: "the text was taken back by one token" },
    ]);
    expect(marksOf(view).map((m) => [m.kind, m.step])).toEqual([
      ["warning", 2],
      ["retract", 3],
      ["end", 3],
    ]);
    // What was shown before the retract is still what it was.
    expect(views[11]!.tokens.toArray().map((t) => t.piece)).toEqual(["\ufffd", "\ufffd", " is"]);
  });

  it("takes back half of a character", () => {
    const base = { step: 0, ms: 9 };
    const whole = views[9]!;
    const back = applyEvent(whole, { kind: "retract", ...base, from: 3 });
    expect([whole.text, back.text, back.pending]).toEqual(["é", "", [195]]);
    const again = applyEvent(back, {
      ...{
        kind: "commit",
        ...base,
        positions: [3],
        tokens: [169],
        origins: ["target"],
        logprobs: [-1],
        nodes: [null],
      },
    });
    expect([again.text, again.pending]).toEqual(["é", []]);
  });

  it("shows half a character as such when the run is over", () => {
    const half = views[8]!;
    expect([half.text, half.pending]).toEqual(["", [195]]);
    const end = applyEvent(half, {
      kind: "run_end",
      step: 0,
      ms: 9,
      reason: "cancelled",
      hash: "",
      error: null,
    });
    expect([end.text, end.pending]).toEqual(["\ufffd", []]);
  });

  it("shows ids of tokens whose text it was never told", () => {
    expect(pieceOf(emptyView(), 17)).toBe("⟨17⟩");
  });
});

describe("any run", () => {
  const runs = fc.record({ rounds: fc.integer({ min: 1, max: 5 }), seed: fc.nat(10_000) });

  it("agrees with its events, summed another way", () => {
    fc.assert(
      fc.property(runs, ({ rounds, seed }) => {
        const events = sampleTrace(rounds, seed);
        const view = foldEvents(events);
        const verdicts = ofKind(events, "verify").flatMap((e) => e.verdicts);
        const tested = verdicts.filter((v) => v.outcome !== "not_reached");
        const accepted = tested.filter((v) => v.outcome === "accepted");
        const commits = ofKind(events, "commit");
        const { metrics } = view;
        expect(view.tokens.toArray().map((t) => t.token)).toEqual(commits.flatMap((e) => e.tokens));
        expect(view.text).toBe(
          view.tokens
            .toArray()
            .map((t) => t.text)
            .join("") +
            (view.status.state === "ended" && view.tokens.at(-1)!.pending.length > 0 ? "\ufffd" : ""),
        );
        expect(metrics).toMatchObject({
          tokens: view.tokens.length,
          rounds,
          wastedNodes: verdicts.length - accepted.length,
        });
        expect(metrics.acceptance).toMatchObject({
          drafted: verdicts.length,
          tested: tested.length,
          accepted: accepted.length,
        });
        expect(metrics.acceptance.expected).toBeCloseTo(sum(tested.map((v) => v.acceptProb)), 9);
        for (const split of [metrics.byDepth, metrics.bySibling])
          for (const key of ["drafted", "tested", "accepted"] as const)
            expect(sum(split.map((a) => a[key]))).toBe(metrics.acceptance[key]);
        for (const key of [
          "targetForwards",
          "targetRows",
          "draftForwards",
          "draftRows",
          "dispatches",
        ] as const)
          expect(metrics[key]).toBe(sum(ofKind(events, "cost").map((e) => e[key])));
        expect(metrics.kernels.find((k) => k.name === "matmul")).toMatchObject({ calls: 56 * rounds });
        expect(tokensPerTargetForward(metrics)).toBe(view.tokens.length / rounds);

        const kinds = marksOf(view).map((m) => m.kind);
        const count = (kind: string): number => kinds.filter((k) => k === kind).length;
        expect(count("residual")).toBe(ofKind(events, "verify").filter((e) => e.extra === "residual").length);
        expect(count("whole_path")).toBe(ofKind(events, "verify").filter((e) => e.path.length === 4).length);
        expect(count("first_rejection")).toBe(tested.length > accepted.length ? 1 : 0);
        expect(count("end")).toBe(1);
        const at = marksOf(view).map((m) => m.event);
        expect(at).toEqual(at.toSorted((a, b) => a - b));
        const most = Math.max(...commits.map((e) => e.tokens.length));
        const longest = marksOf(view).find((m) => m.kind === "longest_round");
        expect(longest?.step).toBe(most > 1 ? commits.findIndex((e) => e.tokens.length === most) : undefined);
      }),
      { numRuns: 30 },
    );
  });

  it("never changes a view or an event", () => {
    const events = deepFreeze(sampleTrace(3));
    const views = viewsOf(events);
    const shots = views.map((v) => JSON.stringify(plain(v)));
    const again = viewsOf(events);
    expect(views.map((v) => JSON.stringify(plain(v)))).toEqual(shots);
    expect(again.map((v) => JSON.stringify(plain(v)))).toEqual(shots);
  });

  it("keeps what an event does not touch as the same object", () => {
    const views = viewsOf(sampleTrace(3));
    for (let i = 1; i < views.length; i++) {
      const [before, after] = [views[i - 1]!, views[i]!];
      for (let k = 0; k < before.rounds.length - 1; k++) expect(after.rounds.at(k)).toBe(before.rounds.at(k));
      for (let k = 0; k < before.tokens.length; k++) expect(after.tokens.at(k)).toBe(before.tokens.at(k));
      if (after.step === before.step && after.rounds.at(-1)?.phase === before.rounds.at(-1)?.phase)
        expect(after.rounds.at(-1)?.nodes).toBe(before.rounds.at(-1)?.nodes);
    }
    const kinds = sampleTrace(3).map((e) => e.kind);
    const atPieces = kinds.lastIndexOf("pieces");
    expect(views[atPieces + 1]!.rounds).toBe(views[atPieces]!.rounds);
    expect(views[atPieces + 1]!.metrics).toBe(views[atPieces]!.metrics);
  });
});
