/** The float64 forward of recurrent depth: what can be said of it without another implementation. */
import { beforeAll, describe, expect, it } from "vitest";
import { recurrentDepth, type RecurrentDepthConfig } from "../../../src/models/architectures/recurrent_depth";
import { loadModel } from "../../../src/models/load";
import type { CheckpointTensors } from "../../../src/models/model";
import { memorySource } from "../../helpers/tiny_model";
import { tinyRecurrent } from "../../helpers/tiny_recurrent";
import { latentNoise } from "../../reference/latent";
import { matvec, rotate } from "../../reference/llama";
import {
  type CachePolicy,
  forwardText,
  RecurrentReference,
  relativeChange,
  rotateNeighbours,
} from "../../reference/recurrent";

const TEXT = [5, 17, 3, 99, 42, 8];
let tensors: CheckpointTensors;
let config: RecurrentDepthConfig;

async function load(options: Parameters<typeof tinyRecurrent>[0] = {}): Promise<void> {
  const files = tinyRecurrent(options);
  const model = await loadModel(memorySource(files));
  tensors = model.tensors;
  config = recurrentDepth.readConfig({
    config: JSON.parse(new TextDecoder().decode(files.get("config.json"))) as unknown,
    generation: undefined,
    label: "tiny",
  });
}
beforeAll(() => load());

/** The last logits of a text decoded token by token, each with `recurrences`, beside those of all at once. */
function cached(policy: CachePolicy, recurrences: number): { cached: Float64Array; whole: Float64Array } {
  const model = new RecurrentReference(config, tensors, policy);
  let last = new Float64Array();
  TEXT.forEach((token, p) => {
    const [e] = model.embed([token], [p]);
    let s = latentNoise(0, p, config.dim, config.latentStd);
    for (let r = 1; r <= recurrences; r++) [s] = model.iterate([s], [e!], [p], r) as [typeof s];
    [last] = model.readout([s], [p]) as [typeof last];
  });
  return { cached: last, whole: forwardText(config, tensors, TEXT, recurrences).at(-1)! };
}
const distance = (a: Float64Array, b: Float64Array): number =>
  Math.max(...a.map((v, i) => Math.abs(v - b[i]!)));

describe("recurrent depth in float64", () => {
  it("decodes with a bank a recurrence as it does without a cache", () => {
    const { cached: a, whole: b } = cached("per-recurrence", 4);
    expect(distance(a, b)).toBeLessThan(1e-12);
    const nearest = cached("nearest", 4);
    expect(distance(nearest.cached, nearest.whole)).toBeLessThan(1e-12);
  });

  it("does not with one bank, whose keys are those of the last recurrence", () => {
    const { cached: a, whole: b } = cached("latest", 4);
    expect(distance(a, b)).toBeGreaterThan(1e-6);
  });

  it("has an adapter that can be split: Ws s + We e = W [s; e]", () => {
    const model = new RecurrentReference(config, tensors);
    const { dim } = config;
    const [s, e] = [latentNoise(1, 0, dim, 1), latentNoise(2, 0, dim, 1)];
    const zero = new Float64Array(dim);
    const whole = model.adapt(s, e);
    const parts = model.adapt(s, zero).map((v, i) => v + model.adapt(zero, e)[i]!);
    expect(distance(whole, parts)).toBeLessThan(1e-12);
    expect(distance(whole, matvec(tensors.get("adapter").toFloat32(), Float64Array.from([...s, ...e])))).toBe(
      0,
    );
  });

  it("does not depend on where it comes from if the adapter does not look at it", async () => {
    await load({ memory: 0 });
    const model = new RecurrentReference(config, tensors);
    const positions = TEXT.map((_, p) => p);
    const e = model.embed(TEXT, positions);
    const states = [positions.map((p) => latentNoise(0, p, config.dim, config.latentStd))];
    for (let r = 1; r <= 3; r++) states.push(model.iterate(states[r - 1]!, e, positions, r));
    expect(relativeChange(states[1]![3]!, states[0]![3]!)).toBeGreaterThan(0.1);
    for (const p of positions) expect(relativeChange(states[2]![p]!, states[1]![p]!)).toBeLessThan(1e-12);
    await load();
  });

  it("turns neighbours as halves are turned, in another order", () => {
    const x = latentNoise(3, 1, 8, 1);
    const order = [0, 2, 1, 3, 4, 6, 5, 7];
    const halves = rotate(
      Float64Array.from(order, (i) => x[i]!),
      5,
      4,
      100,
    );
    const back = Float64Array.from(order, (i) => halves[i]!);
    expect(distance(rotateNeighbours(x, 5, 4, 100), back)).toBeLessThan(1e-15);
  });

  it("begins with noise of its deviation that ends at three of them", () => {
    const noise = Array.from({ length: 64 }, (_, p) => [...latentNoise(7, p, 128, 0.5)]).flat();
    const variance = noise.reduce((sum, v) => sum + v * v, 0) / noise.length;
    expect(Math.max(...noise.map(Math.abs))).toBeLessThanOrEqual(1.5);
    // The cut takes a share of exp(-4.5) from the squares' law: variance 1 - 4.5 c / (1 - c) of what it was.
    const c = Math.exp(-4.5);
    expect(variance / 0.25).toBeCloseTo(1 - (4.5 * c) / (1 - c), 1);
    expect(noise.slice(0, 3)).toEqual([...latentNoise(7, 0, 128, 0.5).slice(0, 3)]);
  });
});
