import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdMap, Vector } from "../../../src/trace/persistent";

describe("IdMap", () => {
  it("is a map from ids, and old versions stay as they were", () => {
    const id = fc.oneof(fc.nat(40), fc.nat(2 ** 16), fc.nat(2 ** 32 - 1));
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fc.nat())), (entries) => {
        const versions = [{ map: IdMap.empty<number>(), model: new Map<number, number>() }];
        for (const [key, value] of entries) {
          const { map, model } = versions.at(-1)!;
          versions.push({ map: map.set(key, value), model: new Map(model).set(key, value) });
        }
        for (const { map, model } of versions)
          for (const [key] of entries) expect(map.get(key)).toBe(model.get(key));
      }),
    );
  });

  it("has nothing under other ids", () => {
    const map = IdMap.empty<string>()
      .set(31, "a")
      .set(32, "b")
      .set(2 ** 31, "c");
    for (const id of [-1, 0, 33, 1024 + 31, 2 ** 31 + 1, 2 ** 40, NaN]) expect(map.get(id)).toBeUndefined();
    expect([map.get(31), map.get(32), map.get(2 ** 31)]).toEqual(["a", "b", "c"]);
  });
});

type Change = { push: number } | { set: number; value: number } | { take: number };
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ push: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ set: fc.nat(), value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ take: fc.nat(200) }) },
);

describe("Vector", () => {
  it("is a list, and old versions stay as they were", () => {
    fc.assert(
      fc.property(fc.array(change, { size: "large" }), (changes) => {
        const versions = [{ vector: Vector.empty<number>(), model: [] as number[] }];
        for (const c of changes) {
          const { vector, model } = versions.at(-1)!;
          if ("push" in c) versions.push({ vector: vector.push(c.push), model: [...model, c.push] });
          else if ("take" in c) versions.push({ vector: vector.take(c.take), model: model.slice(0, c.take) });
          else if (model.length > 0) {
            const at = c.set % model.length;
            versions.push({ vector: vector.set(at, c.value), model: model.with(at, c.value) });
          }
        }
        for (const { vector, model } of versions) {
          expect(vector.length).toBe(model.length);
          expect(vector.toArray()).toEqual(model);
          expect([...vector]).toEqual(model);
          expect(vector.parts().flat()).toEqual(model);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("reads as arrays do", () => {
    const model = Array.from({ length: 70 }, (_, i) => i * i);
    const vector = model.reduce((v, x) => v.push(x), Vector.empty<number>());
    for (const i of [-71, -70, -1, 0, 31, 32, 69, 70]) expect(vector.at(i)).toBe(model.at(i));
    expect(vector.slice(30, 35)).toEqual(model.slice(30, 35));
    expect(vector.slice(60, 99)).toEqual(model.slice(60));
    expect(vector.slice(5, 2)).toEqual([]);
    expect(vector.toArray()).toBe(vector.toArray());
    expect(vector.take(70)).toBe(vector);
  });

  it("has whole parts in common with later versions", () => {
    const short = Array.from({ length: 70 }, (_, i) => i).reduce((v, x) => v.push(x), Vector.empty<number>());
    const long = short.push(70);
    expect(short.parts().map((part) => part.length)).toEqual([32, 32, 6]);
    expect(long.parts()[0]).toBe(short.parts()[0]);
    expect(long.parts()[1]).toBe(short.parts()[1]);
    expect(long.set(40, -1).parts()[1]).not.toBe(short.parts()[1]);
    expect(long.take(40).push(7).parts().flat()).toEqual([...short.slice(0, 40), 7]);
    expect(Vector.empty().parts()).toEqual([]);
  });
});
