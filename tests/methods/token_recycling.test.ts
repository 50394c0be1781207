/** The table that Token Recycling starts with: what is kept of earlier texts, that it is used, and that it only drafts. */
import { describe, expect, test } from "vitest";
import { earlierRows, ROW } from "../../src/decoding/earlier_rows";
import { findModel } from "../../src/models/catalog";
import { hashModel } from "../helpers/fake_session_models";
import { GREEDY_SAMPLER, ofKind, runFake, SAMPLER } from "../helpers/fake_session_run";

const KEPT = ["story-target", "task-target"] as const;
describe("rows of earlier texts", () => {
  test.each(KEPT)("of %s are distinct tokens of its vocabulary", async (id) => {
    const rows = (await earlierRows(id))!;
    const vocabSize = id === "story-target" ? 2048 : 112;
    expect(findModel(id)).toBeDefined();
    expect(rows.size).toBeGreaterThan(20);
    for (const [token, row] of rows) {
      expect(token).toBeLessThan(vocabSize);
      expect(row).toHaveLength(ROW);
      expect(new Set(row).size).toBe(ROW);
      for (const successor of row) expect(successor).toBeLessThan(vocabSize);
    }
  });

  test("there are none of a model that wrote no texts", async () => {
    expect(await earlierRows("somebody/else")).toBeNull();
  });
});

describe("a run with the table of another model's texts", () => {
  // Whatever the table holds, it only drafts: this model agrees with none of its rows.
  const target = { ...hashModel({ vocabSize: 2048, salt: 3, spread: 3 }), id: "story-target" };
  const params = { nodes: 24, start: "earlier" };

  test("drafts from it in the first round, and an empty one does not", async () => {
    const rows = (await earlierRows("story-target"))!;
    const [token] = rows.keys();
    const base = { method: "token-recycling", target, draft: null, prompt: [5, token!], maxNewTokens: 4 };
    const first = ofKind((await runFake({ ...base, params })).events, "draft")[0]!;
    expect(first.nodes.filter((n) => n.parent === 0).map((n) => n.token)).toEqual(rows.get(token!));
    const empty = ofKind((await runFake({ ...base, params: { nodes: 24 } })).events, "draft")[0]!;
    expect(empty.nodes).toHaveLength(1);
  });

  test("writes the greedy text", async () => {
    const base = { target, draft: null, prompt: [5, 6, 7], sampler: GREEDY_SAMPLER, maxNewTokens: 40 };
    const plain = await runFake({ ...base, method: "autoregressive" });
    const own = await runFake({ ...base, method: "token-recycling", params });
    expect(own.tokens).toEqual(plain.tokens);
  });

  test("says so where there is no table", async () => {
    const base = { target: { ...target, id: "other" }, draft: null, prompt: [5], sampler: SAMPLER };
    const { events } = await runFake({ ...base, method: "token-recycling", params, maxNewTokens: 8 });
    expect(ofKind(events, "warning")[0]!.message).toContain("no earlier texts of other");
  });
});
