import { describe, expect, test } from "vitest";
import { recyclingTemplate } from "../../src/decoding/token_recycling";
import {
  draftGuesses,
  draftLookup,
  draftTemplate,
  learnSuccessors,
  shiftGuesses,
} from "../../src/kernels/chosen_tree";
import {
  NONE,
  Outcome,
  outcomeArray,
  OutcomeArray,
  outcomeWords,
  treeWords,
} from "../../src/kernels/layouts";
import { treeReset } from "../../src/kernels/tree_reset";
import { Scalar, scalarWords } from "../../src/kernels/verify_tree";
import {
  appendChain,
  chooseByTemplate,
  learnSuccessors as learnReference,
  lookup,
  shiftGuesses as shiftReference,
  type SuccessorTable,
} from "../reference/chosen_tree";
import { anchorTree, type TreeNodes } from "../reference/expand_tree";
import { ctlOf, uniforms, useBench } from "./harness";
import { nodeOf, treeToWords } from "./trees";

const bench = useBench();
const V = 20;
const K = 3;
const random = (seed: number): ((below: number) => number) => {
  const u = uniforms(seed);
  return (below) => Math.floor(u() * below);
};

/** Words of a table; rows that are not in it are NONE. */
function tableWords(table: SuccessorTable): Uint32Array {
  const words = new Uint32Array(V * K).fill(NONE);
  for (const [token, row] of table) words.set(row, token * K);
  return words;
}
function randomTable(seed: number, known: number): SuccessorTable {
  const next = random(seed);
  const table: SuccessorTable = new Map();
  for (let i = 0; i < known; i++)
    table.set(
      next(V),
      Array.from({ length: K }, () => next(V)),
    );
  return table;
}

/** Nodes that are there, with parents numbered among them. */
function present(
  words: Uint32Array,
  cap: number,
): { token: number; parent: number; depth: number; sibling: number }[] {
  const ids = Array.from({ length: cap }, (_, i) => i).filter((i) => nodeOf(words, cap, i) !== null);
  return ids.map((i) => {
    const node = nodeOf(words, cap, i)!;
    const parent = i === 0 ? -1 : ids.indexOf(node.PARENT);
    return { token: node.TOKEN, parent, depth: node.DEPTH, sibling: node.SIBLING };
  });
}
const listed = (tree: TreeNodes): ReturnType<typeof present> =>
  tree.token.map((token, i) => ({
    token,
    parent: tree.parent[i]!,
    depth: tree.depth[i]!,
    sibling: tree.sibling[i]!,
  }));

test("the published template: 80 nodes in levels of 8, 21, 25, 15, 8 and 3, and trees for smaller budgets", () => {
  expect(recyclingTemplate(80).levels).toEqual([8, 21, 25, 15, 8, 3]);
  for (const nodes of [1, 6, 10, 21, 60]) {
    const { template, levels } = recyclingTemplate(nodes);
    expect(levels.reduce((a, b) => a + b)).toBe(nodes);
    template.parent.forEach((parent, i) => {
      if (i === 0) return;
      expect(parent).toBeLessThan(i);
      // Siblings stand together, by rank from 0.
      if (template.rank[i]! > 0)
        expect([template.parent[i - 1], template.rank[i - 1]]).toEqual([parent, template.rank[i]! - 1]);
    });
  }
});

describe("draft_template", () => {
  const template = {
    parent: [0, 0, 0, 0, 1, 1, 2, 4, 4, 6],
    rank: [0, 0, 1, 2, 0, 1, 0, 0, 1, 0],
  };
  const cap = template.parent.length;

  test.each([0, 4, 12, 60])("with %i rows written chooses the nodes of the reference", async (known) => {
    let absent = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const table = randomTable(seed, known);
      const [ctl, seq] = [bench().buffer(ctlOf({ N: 1 })), bench().buffer(Uint32Array.of(7))];
      const tree = bench().empty(treeWords(cap));
      const plan = bench().buffer(
        Uint32Array.from(template.parent.flatMap((p, i) => [p, template.rank[i]!])),
      );
      await bench().run((rec) => {
        treeReset(rec, { ctl, seq, tree, cap });
        draftTemplate(rec, { tree, cap, successors: bench().buffer(tableWords(table)), k: K, plan });
      });
      const expected = anchorTree(7);
      chooseByTemplate(expected, table, template);
      const words = await bench().u32(tree);
      expect(present(words, cap)).toEqual(listed(expected));
      absent += cap - expected.token.length;
      for (let i = 0; i < cap; i++) {
        const node = nodeOf(words, cap, i);
        if (!node) continue;
        const children = Array.from({ length: cap }, (_, c) => c).filter(
          (c) => c > 0 && nodeOf(words, cap, c)?.PARENT === i,
        );
        expect([node.CHILD_COUNT, node.FIRST_CHILD]).toEqual([children.length, children[0] ?? 0]);
      }
    }
    if (known < 60) expect(absent).toBeGreaterThan(0);
  });
});

test("learn_successors: rows of all nodes; the path wins, then the last; nothing after the end", async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const next = random(100 + seed);
    const tree = anchorTree(next(4));
    const path = [0, 2, 4];
    // Few tokens, so that many nodes share one. Node 5 hangs below node 1, off the path.
    for (const parent of [0, 0, 1, 2, 1, 4]) {
      tree.token.push(next(4));
      tree.parent.push(parent);
      tree.depth.push(tree.depth[parent]! + 1);
      tree.sibling.push(0);
      for (const list of [tree.logq, tree.phi, tree.perturbed]) list.push(0);
    }
    const cap = tree.token.length + 2; // two absent nodes
    const tops = Array.from({ length: cap }, () => Array.from({ length: K }, () => next(V)));
    const table = randomTable(seed, 5);
    for (const active of [1, 0]) {
      const outcome = new Uint32Array(outcomeWords(cap));
      outcome[Outcome.ACTIVE] = active;
      outcome[Outcome.ACCEPTED] = path.length - 1;
      outcome.set(path, outcomeArray(OutcomeArray.PATH, cap));
      const successors = bench().buffer(tableWords(table));
      await bench().run((rec) =>
        learnSuccessors(rec, {
          tree: bench().buffer(treeToWords(tree, cap)),
          cap,
          successors,
          k: K,
          tops: bench().buffer(Uint32Array.from(tops.flat())),
          outcome: bench().buffer(outcome),
        }),
      );
      const expected: SuccessorTable = new Map(table);
      if (active) learnReference(expected, tree.token, tops, path);
      expect(await bench().u32(successors)).toEqual(tableWords(expected));
    }
  }
});

describe("draft_lookup", () => {
  test("the earliest occurrence is none that the text ends before a whole chain after it", async () => {
    // "1 2" stands at the beginning, with three tokens after it: enough for a chain of three, not for one of four.
    const text = [1, 2, 3, 1, 2];
    const chains = [];
    for (const cap of [4, 5]) {
      const [ctl, seq] = [bench().buffer(ctlOf({ N: 5 })), bench().buffer(Uint32Array.of(...text, 9, 9))];
      const tree = bench().empty(treeWords(cap));
      await bench().run((rec) => {
        treeReset(rec, { ctl, seq, tree, cap });
        draftLookup(rec, { ctl, seq, tree, cap, longest: 2, which: "earliest" });
      });
      const expected = anchorTree(2);
      appendChain(expected, lookup(text, 2, cap - 1, "earliest"));
      expect(present(await bench().u32(tree), cap)).toEqual(listed(expected));
      chains.push(expected.token.slice(1));
    }
    expect(chains).toEqual([[3, 1, 2], []]);
  });

  test.each(["latest", "earliest"] as const)(
    "finds the %s occurrence of the longest end of the text",
    async (which) => {
      let found = 0;
      for (let seed = 1; seed <= 12; seed++) {
        const next = random(seed);
        const n = 1 + next(40);
        const text = Array.from({ length: n }, () => next(5));
        const [cap, longest] = [5, 1 + next(4)];
        const [ctl, seq] = [
          bench().buffer(ctlOf({ N: n })),
          bench().buffer(Uint32Array.from([...text, 9, 9])),
        ];
        const tree = bench().empty(treeWords(cap));
        await bench().run((rec) => {
          treeReset(rec, { ctl, seq, tree, cap });
          draftLookup(rec, { ctl, seq, tree, cap, longest, which });
        });
        const expected = anchorTree(text.at(-1)!);
        appendChain(expected, lookup(text, longest, cap - 1, which));
        expect(present(await bench().u32(tree), cap)).toEqual(listed(expected));
        found += expected.token.length - 1;
      }
      expect(found).toBeGreaterThan(12);
    },
  );
});

test("guesses become a chain, and what the target said after them the next guesses", async () => {
  for (const [accepted, guessed] of [
    [0, 4],
    [2, 4],
    [4, 4],
    [1, 2],
    [0, 0],
  ] as const) {
    const cap = 5;
    const guesses = bench().buffer(
      Uint32Array.from({ length: cap - 1 }, (_, i) => (i < guessed ? 10 + i : NONE)),
    );
    const [ctl, seq] = [bench().buffer(ctlOf({ N: 1 })), bench().buffer(Uint32Array.of(7))];
    const tree = bench().empty(treeWords(cap));
    const said = Array.from({ length: guessed + 1 }, (_, i) => 20 + i);
    const scalars = new Float32Array(scalarWords(cap));
    scalars.set(said, Scalar.NODE * cap);
    const outcome = new Uint32Array(outcomeWords(cap));
    outcome[Outcome.ACTIVE] = 1;
    outcome[Outcome.ACCEPTED] = accepted;
    outcome[Outcome.FINAL_TOKEN] = said[accepted]!;
    await bench().run((rec) => {
      treeReset(rec, { ctl, seq, tree, cap });
      draftGuesses(rec, { tree, cap, guesses });
      shiftGuesses(rec, {
        tree,
        cap,
        guesses,
        scalars: bench().buffer(scalars),
        outcome: bench().buffer(outcome),
      });
    });
    const expected = anchorTree(7);
    appendChain(
      expected,
      Array.from({ length: guessed }, (_, i) => 10 + i),
    );
    expect(present(await bench().u32(tree), cap)).toEqual(listed(expected));
    const path = Array.from({ length: accepted + 1 }, (_, i) => i);
    expect([...(await bench().u32(guesses))]).toEqual(shiftReference(cap - 1, said, path));
  }
});
