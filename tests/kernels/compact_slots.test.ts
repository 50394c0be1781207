import { describe, expect, test } from "vitest";
import { compactSlots } from "../../src/kernels/compact_slots";
import { Outcome, outcomeArray, OutcomeArray, outcomeWords } from "../../src/kernels/layouts";
import { compactSlots as reference } from "../reference/compact_slots";
import { ctlOf, uniforms, useBench } from "./harness";

const bench = useBench();
const SLOTS = 40;
const BASE = 7;

async function check(
  path: readonly number[],
  cap: number,
  layers: number,
  rowWords: number,
  gap = 0,
  active = 1,
): Promise<void> {
  const stride = SLOTS * rowWords + gap;
  const words = Uint32Array.from({ length: layers * stride }, (_, i) => i * 2654435761);
  const outcome = new Uint32Array(outcomeWords(cap));
  outcome[Outcome.ACTIVE] = active;
  outcome[Outcome.ACCEPTED] = path.length - 1;
  outcome.set(path, outcomeArray(OutcomeArray.PATH, cap));
  const cache = bench().buffer(words);
  await bench().run((rec) =>
    compactSlots(rec, {
      ctl: bench().buffer(ctlOf({ N: 20, BASE })),
      outcome: bench().buffer(outcome),
      cache,
      layers,
      slots: SLOTS,
      layerStride: stride,
      rowWords,
      cap,
      path: "PATH",
    }),
  );
  const expected = words.slice();
  for (let layer = 0; layer < layers && active; layer++) {
    const slots = Array.from({ length: SLOTS }, (_, s) =>
      words.slice(layer * stride + s * rowWords, layer * stride + (s + 1) * rowWords),
    );
    reference(slots, BASE, path);
    slots.forEach((slot, s) => expected.set(slot, layer * stride + s * rowWords));
  }
  expect(Buffer.compare(Buffer.from(await bench().read(cache)), Buffer.from(expected.buffer))).toBe(0);
}

describe("compact_slots", () => {
  test("a slot that is source of one move and target of the next: path 2, 5", () =>
    check([0, 2, 5], 8, 3, 128));
  test("nothing accepted, a main chain, one node far away", async () => {
    await check([0], 8, 2, 16);
    await check([0, 1, 2, 3], 8, 2, 16);
    await check([0, 31], 32, 1, 4);
  });
  test("layers apart, columns that are no multiple of a workgroup", () =>
    check([0, 1, 3, 7], 8, 4, 4 * 33, 64));
  test("an inactive round moves nothing", () => check([0, 2, 5], 8, 2, 32, 0, 0));
  test.each([1, 2, 3, 4, 5])("random path %i", async (seed) => {
    const u = uniforms(seed);
    const path = [0, ...Array.from({ length: 31 }, (_, i) => i + 1).filter(() => u() < 0.3)];
    await check(path, 32, 2, 64);
  });
});
