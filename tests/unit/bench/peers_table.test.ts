/** The tables of bench:peers: which figures are set against which, and what a library's own words say of placements. */
import { expect, it } from "vitest";
import { placedOnCpu, placements, ratioTable, type Row, speedTable } from "../../../bench/peers/table";

const row = (
  name: string,
  weights: Row["weights"],
  provider: string | null,
  tokens: readonly number[],
  ...msPerToken: readonly number[]
): Row => ({
  name,
  weights,
  provider,
  report: {
    promptTokens: [1],
    ranOn: "",
    generations: msPerToken.map((ms) => ({ tokens, timedTokens: 10, decodeMs: 10 * ms })),
  },
});

const rows = [
  row("own", "f32", null, [5, 6, 7], 2, 4, 5),
  row("own", "int8", null, [5, 6, 8], 2),
  row("slow", "f32", "WASM", [5, 6, 7], 8),
  row("fast", "f32", "WASM", [5, 6, 7], 5),
  row("fast", "int8", "WASM", [9, 6, 7], 4),
];

it("compares medians at as many bits, and says how far the texts agree", () => {
  const [, , own, ownInt8, slow, fast, int8] = speedTable(rows).split("\n");
  expect(own).toBe("| own | f32 | 250.0 | 200.0 to 500.0 | 3 |  | 3 of 3 |");
  expect(ownInt8).toContain("| int8 | 500.0 | 500.0 to 500.0 | 1 |  | 2 of 3 |");
  expect(slow).toContain("| 2.00 | 3 of 3 |");
  expect(fast).toContain("| 1.25 | 3 of 3 |");
  expect(int8).toContain("| 2.00 | 0 of 3 |");
  expect(ratioTable(rows).split("\n")[2]).toBe("| this engine / fastest graph of WASM | 1.25 | 2.00 |");
});

it("reads where nodes were placed, and knows silence from none", () => {
  const at = "2026-01-01 [V:onnxruntime:, session_state.cc:1 VerifyEachNodeIsAssignedToAnEp]";
  const mixed = [
    `${at}  Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2`,
    `${at}   DynamicQuantizeMatMul (a)`,
    `${at}   DynamicQuantizeMatMul (b)`,
    `${at}  Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 1`,
    `${at}   Gather (c)`,
  ];
  expect(placedOnCpu(mixed)).toEqual({ DynamicQuantizeMatMul: 2 });
  expect(placedOnCpu([`${at}  All nodes placed on [WebGpuExecutionProvider]. Number of nodes: 3`])).toEqual(
    {},
  );
  const none = placedOnCpu([`${at}  All nodes placed on [CPUExecutionProvider]. Number of nodes: 9`]);
  expect(none).toEqual({ "operators without names": 9 });
  expect(placements([{ ...rows[2]!, leftToCpu: none }])).toBe(
    "- slow: all but operators without names (9), which the CPU did",
  );
  expect(() => placedOnCpu(["something else"])).toThrow(/did not tell/);
  const one = { ...rows[2]!, leftToCpu: placedOnCpu(mixed) };
  expect(placements([one, rows[0]!])).toBe("- slow: all but DynamicQuantizeMatMul (2), which the CPU did");
});
