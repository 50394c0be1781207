/** Parts of the wavefront and of recurrent depth, by what they ask of the session and by cases worked out by hand. */
import { describe, expect, test } from "vitest";
import { readParams } from "../../src/base/params";
import type { DepthPass, DepthResult, DepthRow, DepthSession } from "../../src/decoding/depth/session";
import type { MethodEvent } from "../../src/trace/events";
import { checkTrace } from "../../src/trace/grammar";
import { collect, type DepthCore, FakeDepthSession } from "../helpers/fake_depth";
import { committed, GREEDY_SAMPLER, methodOf, ofKind } from "../helpers/fake_session_run";

type Vector = Float64Array<ArrayBuffer>;
const V = 8;
const PROMPT = [1, 2];
const END = 7;

/**
 * Says token `say(position + 1)` behind each position, and moves a latent of one number to `at(position, r)` in its
 * r-th recurrence: what is drawn and how far latents move is chosen by the test, and nothing depends on anything else.
 */
class Scripted implements DepthCore {
  readonly dim = 1;
  readonly sigma = 1;
  private readonly ran: number[] = [];
  constructor(
    private readonly say: (position: number, recurrences: number) => number,
    private readonly at: (position: number, recurrences: number) => number = () => 1,
  ) {}
  embed(tokens: readonly number[]): Vector[] {
    return tokens.map((token) => Float64Array.of(token));
  }
  iterate(_: readonly Vector[], __: readonly Vector[], positions: readonly number[]): Vector[] {
    return positions.map((p) => Float64Array.of(this.at(p, (this.ran[p] = (this.ran[p] ?? 0) + 1))));
  }
  readout(_: readonly Vector[], positions: readonly number[]): Vector[] {
    return positions.map((p) => {
      const said = this.say(p + 1, this.ran[p]!);
      return Float64Array.from({ length: V }, (_, x) => (x === said ? 9 : 0));
    });
  }
}

/** The float64 session, with every pass it was asked for. */
class RecordingSession extends FakeDepthSession implements DepthSession {
  readonly passes: DepthPass[] = [];
  override run(pass: DepthPass): Promise<DepthResult> {
    this.passes.push(pass);
    return super.run(pass);
  }
}

interface Outcome {
  readonly events: readonly MethodEvent[];
  readonly passes: readonly DepthPass[];
  /** First position without a frozen token after each step of the wave. */
  readonly frozen: readonly number[];
}

async function run(
  core: DepthCore,
  params: Readonly<Record<string, unknown>>,
  { method = "depth-wavefront", maxNewTokens = 8, prompt = PROMPT } = {},
): Promise<Outcome> {
  const { values, issues } = readParams(methodOf(method).params, params);
  expect(issues).toEqual([]);
  const session = new RecordingSession({
    facts: {
      ...{ id: "scripted", vocabSize: V, endTokens: [END] },
      recurrence: { nPrelude: 1, nCore: 1, nCoda: 1, trainedRecurrence: 4 },
    },
    core,
  });
  const events = await collect(
    methodOf(method).decode({
      ...{ session, params: values, sampler: GREEDY_SAMPLER, firstStep: 0 },
      ...{ promptTokens: prompt, maxNewTokens, detail: "light" },
    } as never),
  );
  expect(checkTrace(events, { methodPrompt: prompt })).toBeNull();
  return { events, passes: session.passes, frozen: ofKind(events, "wave").map((wave) => wave.frozenTo) };
}

/** Shares that the rows of a pass ask for. */
const shares = ({ rows }: DepthPass): Partial<DepthRow>[] =>
  rows.map(({ origin, momentum, fresh, noise, keep }) => ({ origin, momentum, fresh, noise, keep }));

/** Every position says the same token whenever it is asked; latents come to rest in the second step. */
const still = (): Scripted => new Scripted(() => 3);
/** So that nothing is frozen by itself. */
const never = { exitThreshold: 0, recurrenceCap: 256 };

describe("rows of a wave", () => {
  const first = { origin: "random", noise: 0, keep: 1, momentum: 0, fresh: 1 };

  test("new latents are noise without momentum, known ones go on with their share of it", async () => {
    const { passes } = await run(still(), { ...never, emaEmbeds: 0.25, recurrenceCap: 3 });
    const known = { origin: "kept", noise: 0, keep: 1, momentum: 0.25, fresh: 0.75 };
    expect(shares(passes[0]!)).toEqual(PROMPT.map(() => first));
    expect(shares(passes[1]!)).toEqual([first]);
    expect(shares(passes[2]!)).toEqual([known, first]);
    expect(shares(passes[3]!)).toEqual([known, known, first]);
  });

  test("as released, new positions get no more of their embedding than old ones", async () => {
    const { passes } = await run(still(), { ...never, emaEmbeds: 0.25, recurrenceCap: 3, asReleased: true });
    expect(passes[0]!.rows.map((row) => row.fresh)).toEqual([1, 1]);
    expect(shares(passes[2]!).map(({ momentum, fresh }) => [momentum, fresh])).toEqual([
      [0.25, 0.75],
      [0, 0.75],
    ]);
  });

  test("a new latent starts as the position before, but not the first of a wave", async () => {
    const { passes } = await run(still(), { ...never, recurrenceCap: 3, initNew: "previous" });
    expect(passes.slice(1, 4).map((pass) => pass.rows.map((row) => row.origin))).toEqual([
      ["random"],
      ["kept", "previous"],
      ["kept", "kept", "previous"],
    ]);
  });

  test.each([
    ["constant", [0.36, 0.36, 0.36], [0.64, 0.64, 0.64]],
    ["damped", [0.36 / 3, 0.36 / 2, 0.36], [1 - 0.36 / 3, 1 - 0.36 / 2, 0.64]],
    [
      "variance",
      [0.36 / 3, 0.36 / 2, 0.36].map(Math.sqrt),
      [1 - 0.36 / 3, 1 - 0.36 / 2, 0.64].map(Math.sqrt),
    ],
  ])("noise by the recurrences that a latent has had: %s", async (noiseSchedule, noise, keep) => {
    const { passes } = await run(still(), { ...never, recurrenceCap: 9, stateNoise: 0.36, noiseSchedule });
    const { rows } = passes[3]!;
    rows.forEach((row, i) => {
      expect(row.noise).toBeCloseTo(noise[i]!, 12);
      expect(row.keep).toBeCloseTo(keep[i]!, 12);
    });
    expect(rows).toHaveLength(3);
  });
});

describe("when tokens are frozen", () => {
  // The prompt is positions 0 and 1, its token stands at 2: the wave begins with the latent of 2, and position 3 is open.
  test("fixed: none before R / r' steps, then as many as join in a step", async () => {
    const one = await run(still(), { ...never, freeze: "fixed" });
    expect(one.frozen.slice(0, 6)).toEqual([3, 3, 3, 4, 5, 6]);
    const two = await run(still(), { ...never, freeze: "fixed", headway: 2, innerRecurrence: 2 });
    expect(two.frozen.slice(0, 3)).toEqual([3, 5, 7]);
  });

  // The draft at 3 is first said in step 1, so it has been said anew k - 1 times after step k; that at 4 comes a step later.
  test.each([
    [1, [3, 3, 3, 3, 3, 4, 5, 6]],
    [2, [3, 3, 3, 4, 5, 6, 7]],
    [3, [3, 3, 4, 5, 6, 7]],
  ])(
    "by its token: when more than R / r' steps in a row drafted the same, with r' = %i",
    async (r, frozen) => {
      const params = { ...never, freeze: "token-stability", innerRecurrence: r };
      expect((await run(still(), params)).frozen.slice(0, frozen.length)).toEqual(frozen);
    },
  );

  test("by its token: a draft that changes begins anew", async () => {
    // The latent of 2 says 5 in its first three steps and 3 from the fourth on; those behind it have rested by the seventh up to 6.
    const core = new Scripted((position, ran) => (position === 3 && ran <= 6 ? 5 : 3));
    const params = { ...never, freeze: "token-stability", innerRecurrence: 2 };
    expect((await run(core, params)).frozen.slice(0, 7)).toEqual([3, 3, 3, 3, 3, 3, 7]);
  });

  /** The latent of position 2 never rests, all others do from their second recurrence on. */
  const restless = (): Scripted =>
    new Scripted(
      () => 3,
      (p, r) => (p === 2 && r % 2 === 0 ? 2 : 1),
    );

  test("prefix waits for all before it, furthest does not, and the release neither", async () => {
    const cap = { exitThreshold: 0.1, recurrenceCap: 6 };
    const prefix = await run(restless(), { ...cap, freezeRule: "prefix" });
    expect(prefix.frozen.slice(0, 6)).toEqual([3, 3, 3, 3, 3, 7]);
    const furthest = await run(restless(), { ...cap, freezeRule: "furthest" });
    // The latent of 3 is new in step 2 and has not moved in step 3.
    expect(furthest.frozen.slice(0, 3)).toEqual([3, 3, 4]);
    const released = await run(restless(), { ...cap, asReleased: true });
    expect(released.frozen.slice(0, 3)).toEqual([3, 3, 4]);
  });

  test("as released nothing is frozen in the step after a freeze", async () => {
    const at = { exitThreshold: 0.1 };
    const paper = await run(still(), at);
    const released = await run(still(), { ...at, asReleased: true });
    const froze = ({ events }: Outcome): boolean[] =>
      ofKind(events, "wave").map((wave) => wave.frozenTo > wave.draftFrom);
    expect(froze(paper).slice(0, 5)).toEqual([false, false, true, true, true]);
    expect(froze(released).slice(0, 6)).toEqual([false, false, true, false, true, false]);
    const paced = await run(still(), { ...at, asReleased: true, freeze: "latent-acceleration" });
    expect(froze(paced).slice(0, 7)).toEqual([false, false, false, true, false, false, true]);
  });
});

describe("ends", () => {
  /** An end token at position 3, after which the text would go on. */
  const ends = (): Scripted => new Scripted((position) => (position === 3 ? END : 3));

  test("are looked for in every step, as released only after as many as the prompt had recurrences", async () => {
    const paper = await run(ends(), { exitThreshold: 0.1 });
    expect(committed(paper.events)).toEqual([3, END]);
    const released = await run(ends(), { exitThreshold: 0.1, asReleased: true });
    expect(committed(released.events)).toHaveLength(8);
    expect(committed(released.events)[1]).toBe(END);
    // With a prompt of one recurrence the step that freezes it comes late enough.
    const short = await run(ends(), { exitThreshold: 0.1, asReleased: true, prefillRecurrence: 1 });
    expect(committed(short.events)).toEqual([3, END]);
  });
});

describe("how the latents of recurrent depth begin", () => {
  test.each([
    ["random", "random", "random"],
    ["zero", "zero", "zero"],
    // Those of a prompt are made together, before any of them is there.
    ["previous", "random", "previous"],
  ])("%s", async (start, inPrompt, after) => {
    const { passes } = await run(
      still(),
      { start },
      { method: "recurrent", maxNewTokens: 3, prompt: [1, 2, 4] },
    );
    expect(passes.map((pass) => pass.rows.map((row) => row.origin))).toEqual([
      [inPrompt, inPrompt],
      [after],
      [after],
      [after],
    ]);
    const alone = await run(still(), { start }, { method: "recurrent", maxNewTokens: 1, prompt: [1] });
    expect(alone.passes[0]!.rows[0]!.origin).toBe(inPrompt);
  });
});
