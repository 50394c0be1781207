/** Exit criteria: known numbers, and what must be true of them on a model of recurrent depth in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import type { RecurrentDepthConfig } from "../../../src/models/architectures/recurrent_depth";
import {
  criteria,
  type CriterionId,
  type DepthPolicy,
  exitReason,
  flattened,
  readoutSignals,
  stopped,
  type RecurrenceSignals,
} from "../../../src/decoding/depth/policy";
import { loadModel, type LoadedModel } from "../../../src/models/load";
import { memorySource } from "../../helpers/tiny_model";
import { tinyRecurrent } from "../../helpers/tiny_recurrent";
import { latentNoise } from "../../reference/latent";
import { cosineDistance, RecurrentReference, relativeChange } from "../../reference/recurrent";

const MOST = 12;
const ids = Object.keys(criteria) as CriterionId[];
const policyOf = (change: Partial<DepthPolicy> = {}): DepthPolicy => ({
  criterion: "latent-diff",
  threshold: null,
  minRecurrence: 0,
  maxRecurrence: MOST,
  checkEvery: 1,
  ...change,
});

/** Signals of every recurrence of a text's first token. */
async function signalsOf(memory: number): Promise<RecurrenceSignals[]> {
  const model: LoadedModel = await loadModel(memorySource(tinyRecurrent({ memory })));
  const config = model.config as RecurrentDepthConfig;
  const reference = new RecurrentReference(config, model.tensors);
  const e = reference.embed([42], [0]);
  let s = [latentNoise(0, 0, config.dim, config.latentStd)];
  let before: Float64Array | null = null;
  return Array.from({ length: MOST }, (_, i) => {
    const next = reference.iterate(s, e, [0], i + 1);
    const [relChange, cosine] = [relativeChange(next[0]!, s[0]!), cosineDistance(next[0]!, s[0]!)];
    s = next;
    const logits = reference.readout(s, [0])[0]!;
    const read = readoutSignals(before, logits);
    before = logits;
    // Any numbers below one: this model has no gate.
    return { relChange, cosine, ...read, exit: 0.1 + 0.05 * i };
  });
}
/** Recurrences that a row runs. */
function depthOf(policy: DepthPolicy, signals: readonly RecurrenceSignals[]): number {
  for (let r = 1; ; r++) if (exitReason(policy, signals.slice(0, r))) return r;
}

let settling: RecurrenceSignals[];
beforeAll(async () => {
  settling = await signalsOf(0.3);
});

describe("signals of readouts", () => {
  it("are those computed by hand", () => {
    const { kl } = readoutSignals([1, 2, 3], [1.1, 2, 2.9]);
    expect(kl).toBeCloseTo(0.00218014, 8);
    const first = readoutSignals(null, [1, 2, 3]);
    expect(first.entropy).toBeCloseTo(0.83239558, 8);
    expect(first.argmax).toBe(2);
    // From the uniform law: -ln 3 - the mean of the log-probabilities.
    expect(first.kl).toBeCloseTo(-Math.log(3) - (1 + 2 + 3 - 3 * 3.40760596) / 3, 7);
  });

  it("do not hear what happens among improbable tokens", () => {
    const quiet = readoutSignals([10, 0, 1, 2], [10, 2, 1, 0]);
    expect(quiet.minPKl).toBeCloseTo(0, 12);
    expect(quiet.kl).toBeGreaterThan(1e-6);
    expect(flattened([0.5, 0.5, 1e-9].map(Math.log)).reduce((a, p) => a + Math.exp(p), 0)).toBeCloseTo(1, 12);
  });
});

describe.each(ids)("%s", (criterion) => {
  it("is fixed depth where least and most are the same", () => {
    for (const n of [1, 3, MOST])
      for (const threshold of [0, 1e9])
        expect(
          depthOf(policyOf({ criterion, threshold, minRecurrence: n, maxRecurrence: n }), settling),
        ).toBe(n);
  });

  it("exits at tests only, not before the least, and at the most", () => {
    // These two exit from a threshold on, the others below it.
    const isFrom = criterion === "argmax-stability" || criterion === "exit-gate";
    const eager = criterion === "exit-gate" ? 0 : isFrom ? 1 : 1e9;
    const never = isFrom ? 1e9 : -1;
    const isFixed = criterion === "none";
    const depth = (change: Partial<DepthPolicy>): number =>
      depthOf(policyOf({ criterion, ...change }), settling);
    expect(depth({ threshold: eager })).toBe(isFixed ? MOST : 1);
    expect(depth({ threshold: eager, checkEvery: 4 })).toBe(isFixed ? MOST : 4);
    expect(depth({ threshold: eager, minRecurrence: 5, checkEvery: 2 })).toBe(isFixed ? MOST : 6);
    expect(depth({ threshold: never })).toBe(MOST);
    expect(exitReason(policyOf({ criterion, threshold: never }), settling)).toBe(isFixed ? "forced" : "cap");
  });

  it("never runs deeper at an easier threshold", () => {
    const easier =
      criterion === "exit-gate"
        ? [1, 0.999, 0.9, 0.5, 0.2, 0]
        : criterion === "argmax-stability"
          ? [6, 4, 3, 2, 1]
          : [1e-6, 1e-4, 1e-2, 1, 10];
    const depths = easier.map((threshold) => depthOf(policyOf({ criterion, threshold }), settling));
    depths.forEach((d, i) => expect(d).toBeLessThanOrEqual(depths[i - 1] ?? MOST));
  });
});

describe("change of the latent", () => {
  it("exits at the second recurrence of a core that does not look at its latent", async () => {
    const forgetful = await signalsOf(0);
    expect(forgetful[1]!.relChange).toBeLessThan(1e-12);
    expect(depthOf(policyOf(), forgetful)).toBe(2);
    // One that does look goes on.
    expect(depthOf(policyOf({ threshold: 1e-9 }), settling)).toBeGreaterThan(2);
  });

  it("needs no readout, and criteria of readouts say when there is none", () => {
    const bare = [{ ...settling[0]!, kl: null, minPKl: null, entropy: null, argmax: null }];
    expect(exitReason(policyOf({ threshold: 1e9 }), bare)).toBe("converged");
    for (const criterion of ids.filter((id) => criteria[id].readsOut))
      expect(() => exitReason(policyOf({ criterion }), bare)).toThrow(/was not read out/);
  });
});

describe("an exit gate", () => {
  it("stops as in the paper's example: of .2, .5, .9, .3 nothing is left but .2, .6, .96 and .972", () => {
    const signals = [0.2, 0.5, 0.9, 0.3].map((exit) => ({ ...settling[0]!, exit }));
    [0.2, 0.6, 0.96, 0.972].forEach((p, i) => expect(stopped(signals.slice(0, i + 1))).toBeCloseTo(p, 12));
    const depth = (threshold: number): number =>
      depthOf(policyOf({ criterion: "exit-gate", threshold, maxRecurrence: 4 }), signals);
    expect([0, 0.5, 0.7, 1].map(depth)).toEqual([1, 2, 3, 4]);
    expect(exitReason(policyOf({ criterion: "exit-gate", threshold: 0.5 }), signals)).toBe("gate");
  });
});
