/** Passes of recurrent depth as tests make them, and the comparison of two sessions. */
import { expect } from "vitest";
import type { DepthPolicy } from "../../src/decoding/depth/policy";
import type { DepthPass, DepthResult, DepthRow, DepthSession } from "../../src/decoding/depth/session";
import { GREEDY_SAMPLER } from "./fake_session_run";

/** As many recurrences as there may be, unless changed. */
export const policyOf = (maxRecurrence: number, change: Partial<DepthPolicy>): DepthPolicy => ({
  criterion: "none",
  threshold: null,
  minRecurrence: 0,
  maxRecurrence,
  checkEvery: 1,
  ...change,
});
/** Tokens at positions from `start` on. */
export const rowsOf = (
  tokens: readonly number[],
  start: number,
  change: Partial<DepthRow> = {},
): DepthRow[] =>
  tokens.map((token, i) => ({
    token,
    position: start + i,
    origin: "random",
    noise: 0,
    keep: 1,
    momentum: 0,
    fresh: 1,
    ...change,
  }));
export const passOf = (
  rows: DepthRow[],
  policy: DepthPolicy,
  change: Partial<DepthPass> = {},
): DepthPass => ({
  ...{ rows, policy, cache: "latest", reads: true, readsEach: false, compares: false, top: 3 },
  ...{ sampler: GREEDY_SAMPLER, text: rows.map((row) => row.token), step: 0 },
  ...change,
});

/** Numbers to 2e-3 of what they should be, or of 1 in 2,000; everything else exactly. */
function compare(found: unknown, expected: unknown, path = ""): void {
  if (typeof expected === "number" && !Number.isInteger(expected)) {
    expect(Math.abs((found as number) - expected), path).toBeLessThan(2e-3 * Math.abs(expected) + 5e-4);
    return;
  }
  if (typeof expected !== "object" || expected === null) {
    expect(found, path).toEqual(expected);
    return;
  }
  expect(Object.keys(found as object), path).toEqual(Object.keys(expected));
  for (const [key, value] of Object.entries(expected))
    compare((found as Record<string, unknown>)[key], value, `${path}.${key}`);
}

/** What both sessions made of a pass, which must be the same. */
export async function both(
  sessions: { device: DepthSession; plain: DepthSession },
  pass: DepthPass,
): Promise<DepthResult> {
  const [found, expected] = [await sessions.device.run(pass), await sessions.plain.run(pass)];
  compare(found.rows, expected.rows, "rows");
  expect(found.kvEntries).toEqual(expected.kvEntries);
  expect(found.bankEntries).toEqual(expected.bankEntries);
  return expected;
}
