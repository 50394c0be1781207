import { describe, expect, test } from "vitest";
import { NONE, Node, Row, ROW_BIT_WORDS, ROW_WORDS, treeWords } from "../../src/kernels/layouts";
import { rowsSpan, rowsTail, rowsTree } from "../../src/kernels/rows";
import { treeReset } from "../../src/kernels/tree_reset";
import { ctlOf, uniforms, useBench } from "./harness";

const bench = useBench();
const seq = Uint32Array.from({ length: 64 }, (_, i) => 100 + i);

interface Rows {
  readonly fields: (i: number) => number[];
  readonly bits: (i: number) => number[];
}
async function rowsOf(
  count: number,
  record: (rows: GPUBuffer, bits: GPUBuffer) => Promise<unknown>,
): Promise<Rows> {
  const rows = bench().buffer(new Uint32Array(ROW_WORDS * count).fill(7));
  const bits = bench().buffer(new Uint32Array(ROW_BIT_WORDS * count).fill(7));
  await record(rows, bits);
  const [r, b] = [await bench().u32(rows), await bench().u32(bits)];
  return {
    fields: (i) => [Row.TOKEN, Row.POSITION, Row.SLOT, Row.BOUND].map((f) => r[i * ROW_WORDS + f]!),
    bits: (i) =>
      Array.from({ length: 256 }, (_, k) => k).filter(
        (k) => (b[i * ROW_BIT_WORDS + (k >> 5)]! >>> (k & 31)) & 1,
      ),
  };
}

describe("rows_tail", () => {
  const tail = (count: number, ctl: Uint32Array): Promise<Rows> =>
    rowsOf(count, (rows, bits) =>
      bench().run((rec) =>
        rowsTail(rec, { ctl: bench().buffer(ctl), seq: bench().buffer(seq), rows, bits, count }),
      ),
    );

  test("the last tokens, each seeing itself and all before", async () => {
    const r = await tail(2, ctlOf({ N: 5 }));
    expect(r.fields(0)).toEqual([103, 3, 3, 4]);
    expect(r.fields(1)).toEqual([104, 4, 4, 5]);
    expect(r.bits(0)).toEqual([]);
  });
  test("a row before the start is idle", async () => {
    const r = await tail(2, ctlOf({ N: 1 }));
    expect(r.fields(0).slice(2)).toEqual([NONE, 0]);
    expect(r.fields(1)).toEqual([100, 0, 0, 1]);
  });
  test("rows of an ended text are idle", async () => {
    const r = await tail(1, ctlOf({ N: 5, DONE: 1 }));
    expect(r.fields(0).slice(2)).toEqual([NONE, 0]);
  });
});

test.each([1, 3, 4, 5, 33])("rows_span of %i rows", async (count) => {
  const r = await rowsOf(count, (rows, bits) =>
    bench().run((rec) => rowsSpan(rec, { seq: bench().buffer(seq), rows, bits, start: 9, count })),
  );
  for (let i = 0; i < count; i++) expect(r.fields(i)).toEqual([109 + i, 9 + i, 9 + i, 10 + i]);
  expect(r.bits(count - 1)).toEqual([]);
});

describe("rows_tree", () => {
  const tree = (cap: number, parents: readonly (number | null)[]): Uint32Array => {
    const words = new Uint32Array(treeWords(cap));
    const depths: number[] = [];
    parents.forEach((parent, i) => {
      depths[i] = parent === null ? 0 : depths[parent]! + 1;
      words[Node.TOKEN * cap + i] = 500 + i;
      words[Node.PARENT * cap + i] = parent ?? NONE;
      words[Node.DEPTH * cap + i] = depths[i]!;
    });
    return words;
  };
  const run = (
    words: Uint32Array,
    cap: number,
    from: number,
    count: number,
    ctl = ctlOf({ N: 11 }),
  ): Promise<Rows> =>
    rowsOf(count, (rows, bits) =>
      bench().run((rec) =>
        rowsTree(rec, {
          ctl: bench().buffer(ctl),
          tree: bench().buffer(words),
          rows,
          bits,
          from,
          count,
          cap,
        }),
      ),
    );

  test.each([1, 2, 31, 32, 33, 64, 256])("a random tree of %i nodes", async (cap) => {
    const u = uniforms(cap);
    const parents = Array.from({ length: cap }, (_, i) => (i === 0 ? null : Math.floor(u() * i)));
    const r = await run(tree(cap, parents), cap, 0, cap);
    for (let i = 0; i < cap; i++) {
      const path: number[] = [];
      for (let v = i; v >= 0; v = parents[v] ?? -1) path.unshift(v);
      expect(r.bits(i)).toEqual(path);
      expect(r.fields(i)).toEqual([500 + i, 10 + path.length - 1, 10 + i, 10]);
    }
  });
  test("one level, with an absent node", async () => {
    const r = await run(tree(6, [null, 0, 0, 1, null, 2]), 6, 3, 3);
    expect(r.fields(0)).toEqual([503, 12, 13, 10]);
    expect(r.bits(0)).toEqual([0, 1, 3]);
    expect(r.fields(1).slice(2)).toEqual([NONE, 0]);
    expect(r.bits(1)).toEqual([]);
    expect(r.bits(2)).toEqual([0, 2, 5]);
  });
  test("rows of an ended text are idle", async () => {
    const r = await run(tree(2, [null, 0]), 2, 0, 2, ctlOf({ N: 11, DONE: 2 }));
    expect(r.fields(0).slice(2)).toEqual([NONE, 0]);
    expect(r.bits(1)).toEqual([]);
  });
  test("tree_reset leaves the anchor alone", async () => {
    const words = bench().buffer(new Uint32Array(treeWords(5)).fill(9));
    await bench().run((rec) =>
      treeReset(rec, {
        ctl: bench().buffer(ctlOf({ N: 11 })),
        seq: bench().buffer(seq),
        tree: words,
        cap: 5,
      }),
    );
    const t = await bench().u32(words);
    expect([...t.subarray(Node.TOKEN * 5, Node.TOKEN * 5 + 5)]).toEqual([110, 0, 0, 0, 0]);
    expect([...t.subarray(Node.PARENT * 5, Node.PARENT * 5 + 5)]).toEqual(new Array(5).fill(NONE));
    const filled = Node.DEPTH * 5;
    expect([...t.subarray(filled, Node.ORIGIN * 5)]).toEqual(new Array(Node.ORIGIN * 5 - filled).fill(0));
    expect([...t.subarray(Node.ORIGIN * 5, treeWords(5))]).toEqual([0, 1, 2, 3, 4]);
  });
});
