/** What passes of recurrent depth tell: which rows ran which recurrence, how deep each went, what it cost. */
import type { MethodEvent } from "../../trace/events";
import type { DepthPass, DepthResult, Draw } from "./session";

/** Candidates listed of a readout. */
export const CANDIDATES = 10;

/** One event a recurrence, then one a row. */
export function* recurEvents(
  step: number,
  pass: DepthPass,
  result: DepthResult,
): Generator<MethodEvent, void, void> {
  const { rows } = result;
  const most = rows.reduce((max, row) => Math.max(max, row.depth), 0);
  for (let r = 1; r <= most; r++) {
    const ran = rows.flatMap((row, i) =>
      row.depth >= r ? [{ row, position: pass.rows[i]!.position, signals: row.signals[r - 1]! }] : [],
    );
    const isRouted = ran[0]!.row.gates.length + ran[0]!.row.law.length > 0;
    const isRead = ran[0]!.signals.argmax !== null;
    const hasTop = (ran[0]!.row.ladder[r - 1]?.length ?? 0) > 0;
    yield {
      kind: "recur",
      step,
      recurrence: r,
      positions: ran.map(({ position }) => position),
      relChange: ran.map(({ signals }) => signals.relChange),
      cosine: ran.map(({ signals }) => signals.cosine),
      ...(isRead
        ? {
            kl: ran.map(({ signals }) => signals.kl!),
            minPKl: ran.map(({ signals }) => signals.minPKl!),
            entropy: ran.map(({ signals }) => signals.entropy!),
            argmax: ran.map(({ signals }) => signals.argmax!),
          }
        : {}),
      ...(ran[0]!.signals.exit === null ? {} : { exit: ran.map(({ signals }) => signals.exit!) }),
      ...(ran[0]!.row.gates.length > 0 ? { gate: ran.map(({ row }) => row.gates[r - 1]!) } : {}),
      ...(isRouted ? { bankEntries: result.bankEntries[r - 1] ?? 0 } : {}),
      ...(hasTop ? { top: ran.map(({ row }) => row.ladder[r - 1]!) } : {}),
      exited: ran.flatMap(({ row, position }) => (row.depth === r ? [position] : [])),
      kvEntries: result.kvEntries[r - 1]!,
    };
  }
  for (const [i, row] of rows.entries())
    yield {
      kind: "depth",
      step,
      position: pass.rows[i]!.position,
      depth: row.depth,
      maxDepth: pass.policy.maxRecurrence,
      reason: row.reason,
      // The gate that was too small.
      ...(row.reason === "router" ? { gate: row.gates[row.depth]! } : {}),
      ...(row.law.length > 0 ? { law: row.law } : {}),
    };
}

/** Committed tokens from `position` on. */
export const commitDraws = (step: number, position: number, draws: readonly Draw[]): MethodEvent => ({
  kind: "commit",
  step,
  positions: draws.map((_, i) => position + i),
  tokens: draws.map((d) => d.token),
  origins: draws.map(() => "target"),
  logprobs: draws.map((d) => d.logprob),
  nodes: draws.map(() => null),
});

/** @param core recurrences one after another, and rows in all of them */
export const depthCost = (
  step: number,
  pass: DepthPass,
  result: DepthResult,
  core: { readonly forwards: number; readonly rows: number },
): Extract<MethodEvent, { kind: "cost" }> => ({
  kind: "cost",
  step,
  targetForwards: 1,
  targetRows: pass.rows.length,
  draftForwards: 0,
  draftRows: 0,
  dispatches: result.cost.dispatches,
  submits: 1,
  readbacks: 1,
  coreForwards: core.forwards,
  coreRows: core.rows,
});

/** Recurrences one after another, and rows in all of them, of one pass. */
export function coreOf({ rows }: DepthResult): { forwards: number; rows: number } {
  const depths = rows.map((row) => row.depth);
  return { forwards: Math.max(0, ...depths), rows: depths.reduce((a, b) => a + b, 0) };
}
