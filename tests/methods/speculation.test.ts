/** What speculation gains, what it does to the caches, and that the fake session would notice if it were wrong. */
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  beamTree,
  branchingTree,
  chainTree,
  checkFits,
  countNodes,
  draftSampler,
  GREEDY,
  independentTree,
  K_SEQ,
  MAX_NODES,
  modelDrafter,
  MULTI_ROUND,
  pathTree,
  RECURSIVE_REJECTION,
  SAMPLE_AND_MATCH,
  type AnyPolicy,
  type Drafter,
  type ProposalLaw,
  type TreePolicy,
  type Verifier,
} from "../../src/decoding/draft_tree";
import { plannedTree, planTree } from "../../src/decoding/sequoia_plan";
import type { ParamsSchema } from "../../src/base/params";
import type { MethodContext } from "../../src/decoding/method";
import type { Laws, Recorder, RoundOutcome } from "../../src/decoding/session";
import { speculate } from "../../src/decoding/speculation";
import { FakeDevice } from "../helpers/fake_session";
import { contraryModel, hashModel, mixModel } from "../helpers/fake_session_models";
import { GREEDY_SAMPLER, ofKind, runFake, SAMPLER, type FakeRun } from "../helpers/fake_session_run";

const target = hashModel({ vocabSize: 16, salt: 3, spread: 3 });
const other = hashModel({ vocabSize: 16, salt: 4, spread: 3 });
const near = mixModel(target, other, 0.25);
const prompt = [2, 7, 1, 8];
const TREES: readonly [method: string, params: Record<string, unknown>, depth: number][] = [
  ["speculative-chain", { draftLength: 5 }, 5],
  ["rsd-c", { branching: [2, 2, 2] }, 3],
  ["rsd-s", { width: 4, depth: 4 }, 4],
];
const base = (method: string, params: Record<string, unknown>): FakeRun => ({
  method,
  params,
  target,
  draft: near,
  prompt,
  seed: 5,
  maxNewTokens: 60,
});

describe.each(TREES)("%s", (method, params, depth) => {
  test("with the target as draft, accepts down to a leaf at temperature 0", async () => {
    const { events } = await runFake({ ...base(method, params), draft: target, sampler: GREEDY_SAMPLER });
    const trees = ofKind(events, "draft");
    for (const [i, { path }] of ofKind(events, "verify").entries()) {
      expect(trees[i]!.nodes.some((node) => node.parent === path.at(-1))).toBe(false);
      // A beam may cut the greedy path in favour of paths that are more probable as a whole.
      if (method !== "rsd-s") expect(path.length - 1).toBe(depth);
    }
    expect(60 / trees.length).toBeGreaterThan(depth);
  });

  test("with the target as draft, accepts the first child of every node when sampling", async () => {
    const { events } = await runFake({ ...base(method, params), draft: target });
    const trees = ofKind(events, "draft");
    for (const [i, verify] of ofKind(events, "verify").entries()) {
      const { nodes } = trees[i]!;
      for (const id of verify.path.slice(1)) expect(nodes[id]!.sibling).toBe(0);
      // RSD-S may cut all children of a node; then the path ends at a leaf, never in a rejection.
      expect(verify.extra).toBe("bonus");
    }
  });

  test("with a draft that is always wrong, gains nothing and loses nothing", async () => {
    const run = {
      ...base(method, params),
      draft: contraryModel(target),
      sampler: GREEDY_SAMPLER,
      maxNewTokens: 20,
    };
    const { events, tokens } = await runFake(run);
    expect(ofKind(events, "commit")).toHaveLength(20);
    expect(tokens).toEqual((await runFake({ ...run, method: "autoregressive" })).tokens);
  });

  test("with a draft that knows nothing, keeps the greedy text", async () => {
    const run = { ...base(method, params), draft: other, sampler: GREEDY_SAMPLER };
    expect((await runFake(run)).tokens).toEqual((await runFake({ ...run, method: "autoregressive" })).tokens);
  });

  test("says what happened to the slots of both models", async () => {
    const { events } = await runFake(base(method, params));
    const verifies = ofKind(events, "verify");
    const commits = ofKind(events, "commit");
    const states = ofKind(events, "state");
    const sizes = ofKind(events, "draft").map((e) => e.nodes.length);
    let reached = 0;
    let moved = 0;
    let draftValid = prompt.length - 1;
    verifies.forEach(({ path, step }, i) => {
      const [own, drafted] = states.filter((e) => e.step === step);
      const n = commits[i]!.positions[0]!;
      const emitted = commits[i]!.tokens.length;
      expect(own).toMatchObject({ of: "target", base: n - 1, written: sizes[i], kept: emitted });
      expect(drafted).toMatchObject({ of: "draft", base: draftValid });
      draftValid = drafted!.base + drafted!.kept;
      // Of the draft model's slots the deepest node is missing, and only that.
      expect(draftValid).toBe(n - 1 + Math.min(emitted, depth));
      if (path.length - 1 === depth) reached++;
      for (const [k, id] of path.entries()) {
        const isMoved = own!.moves.some(([from, to]) => from === n - 1 + id && to === n - 1 + k);
        expect(isMoved).toBe(id !== k && k < emitted);
        if (isMoved) moved++;
      }
    });
    // The cases this test is for did occur.
    expect(reached).toBeGreaterThan(0);
    if (method !== "speculative-chain") expect(moved).toBeGreaterThan(0);
  });

  test("shows candidates of every law it used", async () => {
    const { events } = await runFake(base(method, params));
    for (const draft of ofKind(events, "draft")) {
      const own = ofKind(events, "candidates").filter((e) => e.step === draft.step);
      const nodesOf = (of: string): (number | null)[] => own.filter((e) => e.of === of).map((e) => e.node);
      expect(nodesOf("target")).toEqual(draft.nodes.map((node) => node.id));
      expect(nodesOf("draft")).toEqual(
        draft.nodes.filter((node) => node.depth < depth).map((node) => node.id),
      );
      for (const node of draft.nodes.slice(1)) {
        const law = own.find((e) => e.of === "draft" && e.node === node.parent)!;
        const listed = law.top.find(([token]) => token === node.token);
        if (node.sibling === 0 && listed) expect(node.logq).toBeCloseTo(listed[1], 5);
      }
    }
  });
});

describe("tree policies", () => {
  test("count their nodes", () => {
    expect(branchingTree([2, 2, 2]).levels).toEqual([2, 4, 8]);
    expect(countNodes(branchingTree([2, 2, 2]))).toBe(15);
    expect(beamTree(4, 4).levels).toEqual([4, 4, 4, 4]);
    expect(countNodes(beamTree(8, 7))).toBe(57);
  });

  test("stay within the node limit and the vocabulary", () => {
    expect(branchingTree([8, 8, 8]).levels).toEqual([8, 64, 128]);
    expect(countNodes(branchingTree([3, 4, 4, 4]))).toBe(MAX_NODES);
    expect(branchingTree([3, 4, 4, 4, 1]).levels).toEqual([3, 12, 48, 192]);
    expect(branchingTree([4, 4], 3).levels).toEqual([3, 9]);
    expect(beamTree(5, 3, 2).levels).toEqual([2, 4, 5]);
    for (const branching of [
      [8, 7, 1],
      [1, 8, 8, 8],
      [5, 5, 5, 5],
      [3, 3, 3, 3],
    ]) {
      const most = countNodes(branchingTree(branching));
      expect(most).toBeLessThanOrEqual(MAX_NODES);
      for (const vocabSize of [2, 3, 6, 7]) {
        expect(countNodes(branchingTree(branching, vocabSize))).toBeLessThanOrEqual(most);
      }
    }
  });

  test("a vocabulary smaller than the tree is wide", async () => {
    const tiny = hashModel({ vocabSize: 2, salt: 9 });
    for (const [method, params] of TREES) {
      const { tokens, events } = await runFake({
        ...base(method, params),
        target: tiny,
        draft: tiny,
        prompt: [1],
      });
      expect(tokens).toHaveLength(60);
      expect(ofKind(events, "warning")).toEqual([]);
    }
    const cut = await runFake({
      ...base("rsd-c", { branching: [3, 8] }),
      target: tiny,
      draft: tiny,
      prompt: [1],
    });
    expect(ofKind(cut.events, "warning")[0]!.message).toContain("using 2,2 instead");
  });

  test("the draft law is never truncated", () => {
    const sampler = { temperature: 0.7, topK: 5, topP: 0.9, minP: 0.1, repetitionPenalty: 1.2 };
    expect(draftSampler(sampler, 0)).toEqual({
      temperature: 0.7,
      topK: 0,
      topP: 1,
      minP: 0,
      repetitionPenalty: 1.2,
    });
    expect(draftSampler(sampler, 0.4).temperature).toBe(0.4);
  });

  test("verifiers fit only laws they are exact for", () => {
    expectTypeOf(GREEDY).toExtend<Verifier<"point">>();
    expectTypeOf(RECURSIVE_REJECTION).toExtend<Verifier<"wor">>();
    expectTypeOf(RECURSIVE_REJECTION).not.toExtend<Verifier<"point">>();
    expectTypeOf(RECURSIVE_REJECTION).not.toExtend<Verifier<ProposalLaw>>();
    expectTypeOf(RECURSIVE_REJECTION).not.toExtend<Verifier<"iid">>();
    expectTypeOf(MULTI_ROUND).toExtend<Verifier<"iid">>();
    expectTypeOf(MULTI_ROUND).not.toExtend<Verifier<"wor">>();
    expectTypeOf(MULTI_ROUND).not.toExtend<Verifier<"iidPaths">>();
    expectTypeOf(K_SEQ).toExtend<Verifier<"iidPaths">>();
    expectTypeOf(K_SEQ).toExtend<Verifier<"iid">>();
    expectTypeOf(K_SEQ).not.toExtend<Verifier<"wor">>();
    expectTypeOf(K_SEQ).not.toExtend<Verifier<"point">>();
    expectTypeOf(SAMPLE_AND_MATCH).toExtend<Verifier<ProposalLaw>>();
    expectTypeOf(branchingTree([2])).not.toExtend<TreePolicy<"iid">>();
    expectTypeOf(pathTree(2, 2)).not.toExtend<TreePolicy<"iid">>();
  });

  const LAWS = ["chain", "wor", "iid", "iidPaths", "point"] as const;
  test.each([
    [GREEDY, LAWS],
    [RECURSIVE_REJECTION, ["chain", "wor"]],
    [MULTI_ROUND, ["iid"]],
    [K_SEQ, ["iid", "iidPaths"]],
    [SAMPLE_AND_MATCH, LAWS],
  ] as const)("$rule is refused for other laws when a method runs", (verifier, fitting) => {
    for (const law of LAWS) {
      const check = () => {
        checkFits(law, verifier);
      };
      if (fitting.some((l) => l === law)) expect(check).not.toThrow();
      else expect(check).toThrow(`the drafter's law is ${law}`);
    }
  });

  test("a pair that does not fit is refused before a round of it is recorded", async () => {
    const session = new FakeDevice().open({ target, draft: near });
    const run = { session, sampler: SAMPLER, promptTokens: prompt };
    const context = run as unknown as MethodContext<ParamsSchema>;
    const drafter = modelDrafter(branchingTree([2]), SAMPLER) as unknown as Drafter<"iid">;
    const events = speculate(context, drafter, MULTI_ROUND);
    await expect(events.next()).resolves.toMatchObject({ value: { kind: "prefill" } });
    await expect(events.next()).rejects.toThrow(/multi_round.*law is wor/);
  });

  test("a policy draws by the law that it says", () => {
    const policies: AnyPolicy[] = [
      chainTree(3),
      branchingTree([2, 2]),
      beamTree(2, 2),
      plannedTree(planTree([0.5, 0.3], 5, 3)),
      independentTree([2, 1]),
      pathTree(2, 3),
    ];
    expect(policies.map((p) => p.law)).toEqual(["chain", "wor", "wor", "wor", "iid", "iidPaths"]);
    const own = (law: string) => (p: AnyPolicy) => p.law === law || (law === "wor" && p.law === "chain");
    for (const policy of policies) {
      expect(() => modelDrafter(policy as never, SAMPLER)).not.toThrow();
      for (const law of ["chain", "wor", "iid", "iidPaths"] as const)
        if (!own(law)(policy))
          expect(() => modelDrafter({ ...policy, law } as never, SAMPLER), `${policy.law} as ${law}`).toThrow(
            `of law ${law}`,
          );
    }
  });
});

describe("the fake session notices", () => {
  /** Runs `rounds` rounds of a chain of two, drafted by `draftLaws`. */
  async function chain(rounds: number, rootLaws: (ops: Recorder) => Laws): Promise<RoundOutcome[]> {
    const session = new FakeDevice().open({ target, draft: target, maxNewTokens: 60 });
    await session.prefill(prompt);
    const program = await session.record((ops) => {
      const root = rootLaws(ops);
      const tree = ops.tree([1, 1]);
      ops.expand(tree, root, { kind: "per_node", children: 1 }, false);
      const next = ops.forward("draft", ops.levelRows(tree, 1), GREEDY_SAMPLER);
      ops.expand(tree, next, { kind: "per_node", children: 1 }, false);
      const laws = ops.forward("target", ops.allRows(tree), GREEDY_SAMPLER);
      return { outcome: ops.commitTree(tree, laws, "greedy") };
    });
    return (await program.run(rounds)).map((r) => r.outcome);
  }

  test("a draft model that is not caught up after a fully accepted round", async () => {
    const right = await chain(3, (ops) => ops.forward("draft", ops.committedTail(2), GREEDY_SAMPLER));
    expect(right.map((o) => o.tokens.length)).toEqual([3, 3, 3]);
    const wrong = chain(3, (ops) => ops.forward("draft", ops.committedTail(1), GREEDY_SAMPLER));
    await expect(wrong).rejects.toThrow(/draft: slot 5 holds nothing valid/);
  });

  test("operations out of order", async () => {
    const session = new FakeDevice().open({ target, draft: near });
    const record = (build: (ops: Recorder) => unknown) => () =>
      session.record((ops) => {
        build(ops);
        return {};
      });
    const laws = (ops: Recorder): Laws => ops.forward("draft", ops.committedTail(2), SAMPLER);
    const two = { kind: "per_node", children: 2 } as const;
    expect(record((ops) => ops.tree([1]))).toThrow("a program without a commit");
    expect(record((ops) => ops.allRows(ops.tree([1])))).toThrow("all rows of a tree with 0 of 1 levels");
    expect(record((ops) => ops.levelRows(ops.tree([1]), 1))).toThrow("level 1 of a tree");
    expect(
      record((ops) => {
        ops.expand(ops.tree([3]), laws(ops), two, true);
      }),
    ).toThrow("makes 2");
    expect(
      record((ops) => {
        ops.commitSample(laws(ops));
        ops.tree([1]);
      }),
    ).toThrow("after the commit");
    expect(record((ops) => ops.top(laws(ops), 65))).toThrow("top 65");
    await expect(
      session.prefill([]).then(() => session.prefill([1]).then(() => session.prefill([1]))),
    ).rejects.toThrow();
  });
});
