/** The float64 forward of a mixture of recursions: its laws, which need no other implementation. */
import { beforeAll, describe, expect, it } from "vitest";
import type { MixtureOfRecursionsConfig } from "../../../src/models/architectures/mixture_of_recursions";
import { loadModel } from "../../../src/models/load";
import type { CheckpointTensors } from "../../../src/models/model";
import { memorySource } from "../../helpers/tiny_model";
import { tinyMor, type TinyMorOptions } from "../../helpers/tiny_mor";
import { matvec, rmsNorm } from "../../reference/llama";
import {
  capacity,
  forwardMor,
  forwardRows,
  type MorCache,
  MorReference,
  type MorRouting,
} from "../../reference/mor";
import type { Vector } from "../../reference/recurrent";

const TEXT = [5, 17, 3, 99, 42, 8, 61, 23, 150, 7, 31, 12];
const CACHES: readonly MorCache[] = ["per-recurrence", "first-recurrence"];
const at = (threshold: number): MorRouting => ({ kind: "threshold", threshold });
let tensors: CheckpointTensors;
let config: MixtureOfRecursionsConfig;

async function load(options: TinyMorOptions = {}): Promise<void> {
  const model = await loadModel(memorySource(tinyMor(options)));
  if (model.config.architecture !== "mixture-of-recursions") throw new Error("no mixture of recursions");
  ({ tensors, config } = { tensors: model.tensors, config: model.config });
}
beforeAll(() => load());

const distance = (a: readonly Vector[], b: readonly Vector[]): number =>
  Math.max(...a.flatMap((row, t) => [...row].map((v, i) => Math.abs(v - b[t]![i]!))));

/** The same text token by token. */
function cached(routing: MorRouting, cache: MorCache): { logits: Vector[]; depths: number[] } {
  const model = new MorReference(config, tensors, cache);
  const rows = TEXT.map((token, p) => forwardRows(model, [token], p, routing));
  return { logits: rows.map((row) => row.logits[0]!), depths: rows.map((row) => row.depths[0]!) };
}

describe.each(CACHES)("cache %s", (cache) => {
  it("routes by threshold token by token as it does the whole text at once", () => {
    for (const threshold of [0, 0.3, 0.5, 0.7, 1.01]) {
      const whole = forwardMor(config, tensors, TEXT, at(threshold), cache);
      const steps = cached(at(threshold), cache);
      expect(steps.depths).toEqual(whole.depths);
      expect(distance(steps.logits, whole.logits)).toBeLessThan(1e-12);
    }
    // Not for want of rows that differ.
    expect(new Set(cached(at(0.5), cache).depths).size).toBe(3);
  });

  it("does not by top-k: which rows are best depends on the text that follows", () => {
    const whole = forwardMor(config, tensors, TEXT, { kind: "topk" }, cache);
    const steps = cached({ kind: "topk" }, cache);
    // Alone, every token is the best there is.
    expect(steps.depths).toEqual(TEXT.map(() => 3));
    expect(whole.depths).not.toEqual(steps.depths);
    const prefix = forwardMor(config, tensors, TEXT.slice(0, 5), { kind: "topk" }, cache);
    expect(prefix.depths).not.toEqual(whole.depths.slice(0, 5));
    expect(distance(prefix.logits, whole.logits.slice(0, 5))).toBeGreaterThan(1e-3);
  });

  it("lets everyone into the first recursion and never more than before into a later one", () => {
    for (const routing of [at(0.4), at(0.6), { kind: "topk" } as const]) {
      const { depths, gates } = forwardMor(config, tensors, TEXT, routing, cache);
      const sets = [1, 2, 3].map((r) => depths.filter((d) => d >= r).length);
      expect(sets[0]).toBe(TEXT.length);
      expect(sets).toEqual([...sets].sort((a, b) => b - a));
      // A row that was turned away is asked no more.
      gates.forEach((row, i) => {
        row.forEach((gate, t) => {
          expect(gate > 0).toBe(depths[t]! >= i);
        });
      });
      if (routing.kind === "topk") expect(sets).toEqual([12, 8, 4]);
    }
    expect(forwardMor(config, tensors, TEXT, at(0), cache).depths).toEqual(TEXT.map(() => 3));
    expect(forwardMor(config, tensors, TEXT, at(1.01), cache).depths).toEqual(TEXT.map(() => 1));
    for (const depth of [1, 2, 3])
      expect(forwardMor(config, tensors, TEXT, { kind: "depth", depth }, cache).depths).toEqual(
        TEXT.map(() => depth),
      );
  });

  it("keeps as many keys as rows ran, in each layer that recursions share", () => {
    const model = new MorReference(config, tensors, cache);
    const { depths } = forwardRows(model, TEXT, 0, at(0.5));
    const ran = (cache === "per-recurrence" ? [1, 2, 3] : [1]).map(
      (r) => depths.filter((d) => d >= r).length,
    );
    expect(model.entries()).toEqual(ran.map((count) => 2 * count));
  });
});

it("at fixed depths 1 to R equals the forward with its other recursions left out", () => {
  for (const depth of [1, 2, 3]) {
    const forced = forwardMor(config, tensors, TEXT, { kind: "depth", depth });
    expect(distance(forced.states.at(-1)!, forced.states[depth - 1]!)).toBe(0);
    expect(
      distance(forced.states[depth - 1]!, forwardMor(config, tensors, TEXT, at(0)).states[depth - 1]!),
    ).toBe(0);
  }
});

it("with one recursion is first layer, gated layers, last layer", async () => {
  await load({ recursions: 1, alpha: 0.3, temperature: 2 });
  const { logits } = forwardMor(config, tensors, TEXT, at(0.9));
  const model = new MorReference(config, tensors);
  const positions = TEXT.map((_, p) => p);
  const x = model.embed(TEXT, positions);
  const y = model.shareds(x, positions, 1);
  const theta = tensors.get("router").toFloat32();
  const gated = x.map((row, t) => {
    const g = 0.3 / (1 + Math.exp(-matvec(theta, row)[0]! / 2));
    return row.map((v, d) => v + g * y[t]![d]!);
  });
  const head = tensors.get("embed").toFloat32();
  const gain = tensors.get("finalNorm").toFloat32();
  const expected = model
    .last(gated, positions)
    .map((row) => matvec(head, rmsNorm(row, gain, config.rmsNormEps)));
  expect(distance(logits, expected)).toBeLessThan(1e-12);
  await load();
});

it("sees in a bank what full attention sees with all other columns masked", () => {
  const { depths, states } = forwardMor(config, tensors, TEXT, at(0.5));
  const ran = TEXT.flatMap((_, p) => (depths[p]! >= 2 ? [p] : []));
  expect(ran.length).toBeGreaterThan(2);
  expect(ran.length).toBeLessThan(TEXT.length - 2);
  const bank = new MorReference(config, tensors);
  const banked = bank.shareds(
    ran.map((p) => states[0]![p]!),
    ran,
    2,
  );
  /** All rows run, but only columns of rows that are in are read. */
  class Masked extends MorReference {
    override layer(...[w, x, positions, written, read]: Parameters<MorReference["layer"]>): Vector[] {
      return super.layer(w, x, positions, written, {
        get: (p) => (ran.includes(p) ? read.get(p) : undefined),
      });
    }
  }
  const full = new Masked(config, tensors).shareds(
    states[0]!,
    TEXT.map((_, p) => p),
    2,
  );
  expect(
    distance(
      banked,
      ran.map((p) => full[p]!),
    ),
  ).toBeLessThan(1e-12);
});

it("counts capacities by whole numbers", () => {
  const rows = (T: number, R: number): number[] => Array.from({ length: R }, (_, i) => capacity(T, R - i, R));
  expect([rows(10, 3), rows(7, 3), rows(2, 3), rows(16, 4)]).toEqual([
    [10, 6, 3],
    [7, 4, 2],
    [2, 1, 1],
    [16, 12, 8, 4],
  ]);
});

describe("token choice", () => {
  const own: MorRouting = { kind: "choice" };
  beforeAll(() => load({ isChoosing: true }));

  it("with weight 1 at one depth is the plain unrolled model, with what it began with added", () => {
    for (const depth of [1, 2, 3]) {
      class Sure extends MorReference {
        override choose() {
          return { law: [1, 2, 3].map((r) => (r === depth ? 1 : 0)), depth };
        }
      }
      const { logits, depths } = forwardRows(new Sure({ ...config, alpha: 1 }, tensors), TEXT, 0, own);
      expect(depths).toEqual(TEXT.map(() => depth));
      const model = new MorReference(config, tensors);
      const positions = TEXT.map((_, p) => p);
      const b = model.embed(TEXT, positions);
      let y = b;
      for (let r = 1; r <= depth; r++) y = model.shareds(y, positions, r);
      const sum = y.map((row, t) => row.map((v, d) => v + b[t]![d]!));
      expect(distance(logits, model.readout(sum, positions))).toBeLessThan(1e-12);
    }
  });

  it("is causal: what follows changes nothing", () => {
    const whole = forwardMor(config, tensors, TEXT, own);
    const prefix = forwardMor(config, tensors, TEXT.slice(0, 7), own);
    expect(new Set(whole.depths).size).toBe(3);
    expect(prefix.depths).toEqual(whole.depths.slice(0, 7));
    expect(distance(prefix.logits, whole.logits.slice(0, 7))).toBeLessThan(1e-12);
  });

  it.each(CACHES)("token by token chooses and says what it does for the whole text, cache %s", (cache) => {
    for (const routing of [own, { kind: "depth", depth: 2 }] as const) {
      const whole = forwardMor(config, tensors, TEXT, routing, cache);
      const steps = cached(routing, cache);
      expect(steps.depths).toEqual(whole.depths);
      expect(distance(steps.logits, whole.logits)).toBeLessThan(1e-12);
    }
  });

  it.each(CACHES)("keeps as many keys as rows ran, all of them in the first bank, cache %s", (cache) => {
    const model = new MorReference(config, tensors, cache);
    const { depths } = forwardRows(model, TEXT, 0, own);
    const ran = [1, 2, 3].map((r) => depths.filter((d) => d >= r).length);
    expect(ran[0]).toBe(TEXT.length);
    expect(ran).toEqual([...ran].sort((a, b) => b - a));
    const banks = cache === "per-recurrence" ? ran : ran.slice(0, 1);
    expect(model.entries()).toEqual(banks.map((count) => 2 * count));
  });

  it("reads its law from what the first layer made, and its balance only where it chooses", () => {
    const { first, gates, depths } = forwardMor(config, tensors, TEXT, own);
    const balance = tensors.get("balance").toFloat32();
    TEXT.forEach((_, t) => {
      const scores = matvec(tensors.get("router").toFloat32(), first[t]!).map((z) => Math.exp(z));
      const total = scores.reduce((a, b) => a + b, 0);
      const law = [...scores].map((v) => v / total);
      law.forEach((p, r) => expect(gates[r]![t]!).toBeCloseTo(p, 12));
      const best = law.map((p, r) => p + balance[r]!);
      expect(depths[t]).toBe(1 + best.indexOf(Math.max(...best)));
    });
  });
});
