/** What the recorder does with draft trees on the device, beyond the text: caches of both models, plans, tables. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { prompts } from "../../bench/prompts";
import { earlierRows, ROW } from "../../src/decoding/earlier_rows";
import { Acceptance, measuredPairs, planTree } from "../../src/decoding/sequoia_plan";
import { recyclingTemplate } from "../../src/decoding/token_recycling";
import { promptLogits } from "../../src/runtime/logits";
import type { DraftNode, TraceEvent } from "../../src/trace/events";
import type { EngineHost } from "../../src/worker/host";
import { chooseByTemplate, learnSuccessors, type SuccessorTable } from "../reference/chosen_tree";
import type { TreeNodes } from "../reference/expand_tree";
import { bundled, openHost, runToEnd } from "./helpers";

const PAIR = { model: "story-target", draft: "story-draft" } as const;
const SAMPLER = { temperature: 1 };
let host: EngineHost;

beforeAll(async () => {
  host = await openHost();
  for (const id of Object.values(PAIR)) await host.load(id, bundled(id));
});
afterAll(() => host.destroy());

/** Logits after every token of a text, by a forward over all of it with nothing in any cache. */
async function freshLogits(model: string, text: readonly number[]): Promise<Float32Array[]> {
  const { gpu } = await host.model(model);
  const logits = await promptLogits(host.engine, host.tuning, gpu, text);
  const V = gpu.facts.vocabSize;
  return text.map((_, t) => logits.subarray(t * V, (t + 1) * V));
}

/** Natural log of the softmax at one token. */
function logprob(logits: Float32Array, token: number): number {
  const most = logits.reduce((a, b) => Math.max(a, b));
  return logits[token]! - most - Math.log(logits.reduce((sum, v) => sum + Math.exp(v - most), 0));
}

const ofKind = <K extends TraceEvent["kind"]>(events: readonly TraceEvent[], kind: K) =>
  events.filter((e): e is Extract<TraceEvent, { kind: K }> => e.kind === kind);

const TREES: readonly [method: string, params: Readonly<Record<string, number | readonly number[]>>][] = [
  ["speculative-chain", { draftLength: 3 }],
  ["rsd-c", { branching: [3, 2, 2] }],
  ["rsd-s", { width: 3, depth: 3 }],
  ["specinfer", { expansion: [2, 1, 1] }],
  ["spectr", { sequences: 3, draftLength: 3 }],
  ["sequoia", { nodes: 10, depth: 4 }],
  ["dyspec", { nodes: 12, depth: 4 }],
  ["eagle-tree", { nodes: 6, topK: 4, depth: 4 }],
];

describe.each(TREES)("%s when sampling", (method, params) => {
  it("has the laws of a fresh forward after every committed token and accepted node, for both models", async () => {
    const run = { ...PAIR, method, params, prompt: prompts[2]!, sampler: SAMPLER, maxNewTokens: 32, seed: 3 };
    const { events, tokens } = await runToEnd(host, { ...run, detail: "full" });
    const start = ofKind(events, "run_start")[0]!;
    const text = [...start.promptTokens, ...tokens];
    const paths = new Map(ofKind(events, "verify").map((e) => [e.step, e.path]));
    const fresh = {
      target: await freshLogits(PAIR.model, text),
      draft: await freshLogits(PAIR.draft, text),
    };
    const compared = { target: 0, draft: 0 };
    for (const e of ofKind(events, "candidates")) {
      // Nodes off the path stand behind tokens that are not of the text; so do those behind its end.
      if (!paths.get(e.step)!.includes(e.node!) || e.position > text.length) continue;
      compared[e.of]++;
      for (const [token, found] of e.top)
        expect(found, `${e.of} at ${e.position}, step ${e.step}`).toBeCloseTo(
          logprob(fresh[e.of][e.position - 1]!, token),
          2,
        );
    }
    const moves = (of: "target" | "draft") =>
      ofKind(events, "state").flatMap((e) => (e.of === of ? e.moves.map((move) => move.join()) : []));
    expect(compared.target).toBeGreaterThanOrEqual(32);
    expect(compared.draft).toBeGreaterThan(15);
    // Slots did move, or this would have looked at nothing; nodes of a tree that was cut down from other slots than theirs.
    if (method === "speculative-chain") return;
    expect(moves("draft")).not.toEqual([]);
    if (method === "dyspec" || method === "eagle-tree")
      expect(moves("target")).not.toEqual(expect.arrayContaining(moves("draft")));
  });

  // Chosen nodes are accepted as often as the target draws them, whoever chose.
  if (method === "eagle-tree") return;
  it("with the target as its draft, accepts first children only", async () => {
    const own = { model: PAIR.model, draft: PAIR.model };
    const run = { ...own, method, params, prompt: prompts[4]!, sampler: SAMPLER, maxNewTokens: 32 };
    const { events, end } = await runToEnd(host, run);
    expect(end.error).toBeNull();
    const trees = ofKind(events, "draft");
    expect(trees.length).toBeGreaterThan(4);
    for (const [i, { path, extra }] of ofKind(events, "verify").entries()) {
      expect(path.slice(1).map((id) => trees[i]!.nodes[id]!.sibling)).toEqual(path.slice(1).map(() => 0));
      // The path ends where nothing was drafted, never at a rejection.
      expect(extra).toBe("bonus");
      expect(path.length).toBeGreaterThan(1);
    }
  });
});

describe("sequoia", () => {
  it("grows the tree that was planned: as many children below each node, level by level", async () => {
    const params = { nodes: 14, depth: 5 };
    const temperature = 0.6;
    const run = { ...PAIR, method: "sequoia", params, prompt: prompts[1]!, sampler: { temperature } };
    const { events } = await runToEnd(host, { ...run, maxNewTokens: 4 });
    const { counts } = planTree(
      new Acceptance(await measuredPairs(), PAIR.model, PAIR.draft, temperature).vector(),
      params.nodes,
      params.depth,
    );
    const { nodes } = ofKind(events, "draft")[0]!;
    const found = counts.map((_, depth) =>
      nodes.filter((n) => n.depth === depth).map((n) => nodes.filter((c) => c.parent === n.id).length),
    );
    expect(found).toEqual(counts);
    // A level that is the same backwards would not show whose count is whose.
    expect(counts.some((level) => level.join() !== level.toReversed().join())).toBe(true);
  });
});

describe("token recycling", () => {
  const NODES = 12;
  const prompt = prompts[0]!;
  const run = { model: PAIR.model, method: "token-recycling", prompt, maxNewTokens: 12 };
  const params = { nodes: NODES, start: "earlier" };

  /** Tokens from after the text to a node. */
  const pathTo = (nodes: readonly DraftNode[], id: number): number[] =>
    id === 0 ? [] : [...pathTo(nodes, nodes[id]!.parent), nodes[id]!.token];

  it("keeps a table of 32 bytes for each token, under 2 MB up to a vocabulary of 62,500", async () => {
    const create = vi.spyOn(host.gpu.device, "createBuffer");
    await runToEnd(host, { ...run, params, maxNewTokens: 1 });
    const sizes = create.mock.calls.flatMap(([b]) => (b.label?.endsWith("successors") ? [b.size] : []));
    create.mockRestore();
    const { vocabSize } = (await host.model(PAIR.model)).gpu.facts;
    expect(sizes).toEqual([32 * vocabSize]);
    expect(62_500 * (sizes[0]! / vocabSize)).toBe(2_000_000);
  });

  it("drafts its first tree from the rows of earlier texts", async () => {
    const { events } = await runToEnd(host, { ...run, params, sampler: SAMPLER });
    const rows = (await earlierRows(PAIR.model))!;
    const first = ofKind(events, "draft")[0]!.nodes;
    for (const node of first.slice(1))
      expect(rows.get(first[node.parent]!.token)?.[node.sibling]).toBe(node.token);
    expect(first.filter((n) => n.parent === 0).length).toBeGreaterThan(2);
  });

  it("learns the target's own candidates, however the sampler cuts them", async () => {
    const sampler = { temperature: 1, topK: 1 };
    const { events } = await runToEnd(host, { ...run, params, sampler });
    const table: SuccessorTable = new Map(await earlierRows(PAIR.model));
    const { template } = recyclingTemplate(NODES);
    const text = [...ofKind(events, "run_start")[0]!.promptTokens];
    const verifies = ofKind(events, "verify");
    const commits = ofKind(events, "commit");
    let learned = 0;
    for (const [i, { nodes }] of ofKind(events, "draft").slice(0, 4).entries()) {
      const tree: TreeNodes = {
        ...{ token: [text.at(-1)!], parent: [-1], depth: [0], sibling: [0] },
        ...{ logq: [0], phi: [0], perturbed: [0] },
      };
      chooseByTemplate(tree, table, template);
      expect(
        nodes.map((n) => [n.token, n.parent]),
        `tree ${i}`,
      ).toEqual(tree.token.map((token, id) => [token, tree.parent[id]]));
      learned += nodes.filter((n) => table.get(nodes[n.parent]?.token ?? -1)?.includes(n.token)).length;
      const tops: number[][] = [];
      for (const { id } of nodes) {
        const logits = (await freshLogits(PAIR.model, [...text, ...pathTo(nodes, id)])).at(-1)!;
        const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
        tops.push(order.slice(0, ROW));
      }
      const { path } = verifies[i]!;
      learnSuccessors(
        table,
        nodes.map((n) => n.token),
        tops,
        path,
      );
      text.push(...commits[i]!.tokens);
    }
    expect(learned).toBeGreaterThan(20);
  });
});
