import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecoscopeError } from "../../../src/base/errors";
import { decodeTrace } from "../../../src/trace/codec";
import type { MethodEvent, TraceEvent } from "../../../src/trace/events";
import { assertLegalTrace, checkTrace, TraceChecker } from "../../../src/trace/grammar";
import { hashTokens } from "../../../src/trace/hash";
import { sampleTrace } from "../../helpers/sample_trace";

// The message of each rule is in tests/fixtures/traces/broken, read by codec.test.ts; here is what needs whole runs.

const FIXTURES = new URL("../../fixtures/traces/", import.meta.url);
const fixture = (name: string): readonly TraceEvent[] =>
  decodeTrace(readFileSync(new URL(`${name}.jsonl`, FIXTURES), "utf8")).events;

function withoutTime(e: TraceEvent): MethodEvent {
  const copy: Partial<TraceEvent> = { ...e };
  delete (copy as { ms?: number }).ms;
  return copy as MethodEvent;
}

const events = sampleTrace(3);
const promptTokens = events[0]?.kind === "run_start" ? events[0].promptTokens : [];
const runnerKinds = ["run_start", "run_end", "pieces", "kernel_time"];
/** The events as a method yields them. */
const methodEvents = events.filter((e) => !runnerKinds.includes(e.kind)).map(withoutTime);

describe("legal traces", () => {
  it("whatever the seed", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 4 }), (seed, rounds) => {
        expect(checkTrace(sampleTrace(rounds, seed))).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  it("a branch, whose given tokens count as new ones", () => {
    const [start, pieces] = events;
    if (start?.kind !== "run_start" || pieces?.kind !== "pieces") throw new Error("no start");
    const token = promptTokens[0]!;
    const begin = { step: 3, tokens: [token, token], forced: [1] };
    const branch = { ...start, begin };
    const end = { kind: "run_end", step: 0, ms: 9, reason: "end_token", error: null } as const;
    const hash = hashTokens(begin.tokens);
    const problem = (s: typeof branch, h = hash): string | undefined =>
      checkTrace([s, pieces, { ...end, hash: h }])?.message;
    expect(problem(branch)).toBeUndefined();
    expect(problem(branch, hashTokens([]))).toContain(`hash ${hash}, of the 2 tokens`);
    expect(problem({ ...branch, maxNewTokens: 1 })).toContain("at most 1 given tokens");
    expect(problem({ ...branch, begin: { ...begin, forced: [2] } })).toContain("forced as ascending");
    expect(problem({ ...branch, begin: { ...begin, tokens: [] } })).toContain("at least one given token");
    const open = { ...branch, begin: { step: 0, tokens: [null, token], forced: [] } };
    const prefill = { kind: "prefill", step: 0, ms: 1, tokens: 1 } as const;
    expect(checkTrace([open, pieces, prefill], { mayBreakOff: true })?.message).toContain("a canvas where");
    expect(
      checkTrace(
        [branch, pieces, prefill, { kind: "retract", step: 0, ms: 1, from: promptTokens.length + 1 }],
        {
          mayBreakOff: true,
        },
      )?.message,
    ).toContain(`from in ${promptTokens.length + 2}`);
  });

  it("a run that ended before it began", () => {
    const [start] = events;
    const error = { code: "device_lost", message: "gone" } as const;
    const end: TraceEvent = { kind: "run_end", step: 0, ms: 1, reason: "error", hash: hashTokens([]), error };
    expect(checkTrace([start!, end])).toBeNull();
  });

  it("a run cancelled anywhere", () => {
    const tokens: number[] = [];
    events.slice(0, -1).forEach((e, i) => {
      if (e.kind === "commit") tokens.push(...e.tokens);
      const hash = hashTokens(tokens);
      const end: TraceEvent = {
        kind: "run_end",
        step: e.step,
        ms: 1e6,
        reason: "cancelled",
        hash,
        error: null,
      };
      expect(checkTrace([...events.slice(0, i + 1), end]), `after event ${i}`).toBeNull();
    });
  });
});

describe("illegal traces", () => {
  it("any event left out that others depend on", () => {
    const needed = ["run_start", "pieces", "prefill", "draft", "verify", "commit", "run_end"];
    events.forEach((e, i) => {
      const problem = checkTrace(events.toSpliced(i, 1));
      if (needed.includes(e.kind)) expect(problem, `without event ${i} (${e.kind})`).not.toBeNull();
      else expect(problem).toBeNull();
    });
  });

  it("any event said twice that happens once", () => {
    events.forEach((e, i) => {
      const problem = checkTrace(events.toSpliced(i, 0, e));
      if (["pieces", "candidates", "kernel_time"].includes(e.kind)) expect(problem).toBeNull();
      else
        expect(problem?.message, `with event ${i} (${e.kind}) twice`).toMatch(
          /^event \d+ \(.*\): expected .*, found /,
        );
    });
  });

  it("a round after a commit that left out part of its path", () => {
    const at = events.findIndex((e) => e.kind === "commit");
    const commit = events[at];
    if (commit?.kind !== "commit") throw new Error("the sample has no commit");
    const cut: TraceEvent = {
      ...commit,
      positions: commit.positions.slice(0, 1),
      tokens: commit.tokens.slice(0, 1),
      origins: commit.origins.slice(0, 1),
      logprobs: commit.logprobs.slice(0, 1),
      nodes: commit.nodes.slice(0, 1),
    };
    const upToEndOfStep = events.filter((e) => e.step === 0).with(at, cut);
    expect(checkTrace(upToEndOfStep, { mayBreakOff: true })).toBeNull();
    const more: TraceEvent = {
      ...{
        kind: "commit",
        step: 1,
        ms: 1e6,
        positions: [5],
        tokens: [0],
        origins: ["target"],
        logprobs: [-1],
        nodes: [null],
      },
    };
    expect(checkTrace([...upToEndOfStep, more])?.message).toContain("expected no round after step 0");
  });

  it("says which event, and only the first", () => {
    const broken = events.with(5, { kind: "retract", step: 0, ms: 1e6, from: 0 });
    const checker = new TraceChecker();
    const problems = broken.map((e) => checker.push(e));
    expect(problems.slice(0, 5)).toEqual([null, null, null, null, null]);
    expect(new Set(problems.slice(5)).size).toBe(1);
    expect(checker.problem).toEqual({
      index: 5,
      message: expect.stringContaining("event 5 (retract, step 0)") as string,
    });
    expect(checker.end()).toBe(checker.problem);
  });

  it("throws what people can read", () => {
    expect(() => {
      assertLegalTrace(events);
    }).not.toThrow();
    expect(() => {
      assertLegalTrace(events.slice(0, -1));
    }).toThrow(DecoscopeError);
    expect(() => {
      assertLegalTrace(events.slice(0, -1));
    }).toThrow("this is not a legal trace: end after");
  });
});

describe("traces that break off", () => {
  it("are legal at every point only if that is allowed", () => {
    for (let n = 1; n < events.length; n++) {
      expect(checkTrace(events.slice(0, n), { mayBreakOff: true })).toBeNull();
      expect(checkTrace(events.slice(0, n))?.message).toContain("expected run_end as the last event");
    }
    expect(checkTrace([], { mayBreakOff: true })?.message).toContain("expected run_start");
  });
});

describe("what methods yield", () => {
  const options = { methodPrompt: promptTokens };

  it("needs no run_start, pieces, times or run_end", () => {
    expect(checkTrace(methodEvents, options)).toBeNull();
    expect(checkTrace(methodEvents, { methodPrompt: [1, 2, 3, 4] })?.message).toContain("as the anchor");
  });

  it("must not have them either", () => {
    for (const kind of runnerKinds) {
      const e = events.find((other) => other.kind === kind)!;
      expect(checkTrace([e], options)?.message).toContain("expected only events that methods yield");
    }
  });

  it("may stop in the middle only if it was returned from", () => {
    const afterDraft = methodEvents.findIndex((e) => e.kind === "draft") + 1;
    const part = methodEvents.slice(0, afterDraft);
    expect(checkTrace(part, { ...options, mayBreakOff: true })).toBeNull();
    expect(checkTrace(part, options)?.message).toContain("expected a verify event for the draft of step 0");
  });

  it("must not have numbers that are none", () => {
    const at = methodEvents.findIndex((e) => e.kind === "commit");
    const commit = methodEvents[at]!;
    if (commit.kind !== "commit") throw new Error("unreachable");
    for (const wrong of [NaN, -Infinity, 0.5]) {
      const logprobs = commit.logprobs.with(0, wrong);
      expect(checkTrace(methodEvents.with(at, { ...commit, logprobs }), options)?.message).toContain(
        `a finite logprob at most 0 for token ${commit.tokens[0]}, found ${wrong}`,
      );
    }
  });
});

describe("retract", () => {
  const plain = fixture("plain");
  const at = plain.findIndex((e) => e.kind === "retract");

  it("lets the same step commit again", () => {
    expect(plain[at + 2]?.kind).toBe("commit");
    expect(checkTrace(plain)).toBeNull();
  });

  it("cannot take back what is not there", () => {
    const ahead: TraceEvent = { kind: "retract", step: 3, ms: 7, from: 5 };
    expect(checkTrace(plain.with(at, ahead))?.message).toContain("expected from in 2 to 4, found 5");
  });
});
