/** What a run of this benchmark found, as the tables of bench/RESULTS.md. */
import type { ReadFloor } from "./read_floor";
import { median, type Report, tokensPerSecond } from "./timing";

/** An engine, how it kept the weights, and what it reported. */
export interface Row {
  readonly name: string;
  readonly weights: "f32" | "int8";
  /** Of another library, what computed; null for this engine. */
  readonly provider: string | null;
  readonly report: Report;
  /** Nodes of the graph that the provider left to the CPU, by operator; absent where nobody asked. */
  readonly leftToCpu?: Readonly<Record<string, number>>;
}

const speedsOf = ({ report }: Row): number[] => report.generations.map(tokensPerSecond);
const own = (rows: readonly Row[], weights: Row["weights"]): number =>
  median(rows.filter((r) => r.provider === null && r.weights === weights).flatMap(speedsOf));

/** Tokens up to the first that differs. */
function agreed(tokens: readonly number[], expected: readonly number[]): number {
  const at = tokens.findIndex((token, i) => token !== expected[i]);
  return at < 0 ? tokens.length : at;
}

/**
 * One row an engine. A ratio is between medians of this engine and another with weights kept in as many bits; tokens are
 * compared with those of this engine in f32, from which rounding to int8 may part sooner or later.
 */
export function speedTable(rows: readonly Row[]): string {
  const expected = rows[0]?.report.generations[0]?.tokens ?? [];
  const lines = rows.map((row) => {
    const speeds = speedsOf(row);
    const mid = median(speeds);
    const spread = `${Math.min(...speeds).toFixed(1)} to ${Math.max(...speeds).toFixed(1)}`;
    const ratio = row.provider === null ? "" : (own(rows, row.weights) / mid).toFixed(2);
    const same = `${agreed(row.report.generations[0]?.tokens ?? [], expected)} of ${expected.length}`;
    return `| ${[row.name, row.weights, mid.toFixed(1), spread, speeds.length, ratio, same].join(" | ")} |`;
  });
  return [
    "| engine | weights | tokens/s, median | spread | generations | this engine is so many times as fast | same tokens |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

/** This engine beside the fastest graph of each provider, in each storage. */
export function ratioTable(rows: readonly Row[]): string {
  const providers = [...new Set(rows.flatMap((r) => r.provider ?? []))];
  const lines = providers.map((provider) => {
    const cells = (["f32", "int8"] as const).map((weights) => {
      const peers = rows.filter((r) => r.provider === provider && r.weights === weights);
      if (peers.length === 0) return "not measured";
      return (own(rows, weights) / Math.max(...peers.map((r) => median(speedsOf(r))))).toFixed(2);
    });
    return `| this engine / fastest graph of ${provider} | ${cells.join(" | ")} |`;
  });
  return ["| medians | f32 | int8 |", "| --- | --- | --- |", ...lines].join("\n");
}

/** What reading f32 weights alone comes to, beside what an aim asks for. */
export function floorLine({ bytes, ms, way }: ReadFloor, rows: readonly Row[], aim: number): string {
  const reached = 1000 / ms;
  const wasm = rows.filter((r) => r.provider?.startsWith("WASM") === true && r.weights === "f32");
  const fastest = Math.max(...wasm.map((r) => median(speedsOf(r))));
  const asked =
    wasm.length === 0
      ? ""
      : ` ${aim.toFixed(1)} times the fastest f32 graph of WASM is ${(aim * fastest).toFixed(0)} tokens/s.`;
  return (
    `Reading the ${bytes.toLocaleString("en")} bytes of f32 weights once, in one dispatch that does nothing else (${way}), ` +
    `takes ${ms.toFixed(2)} ms in the fastest of the ways tried: ${reached.toFixed(0)} tokens/s if a token were nothing else.${asked}`
  );
}

/** What stands for operators that were counted without their names. */
const UNLISTED = "operators without names";

/**
 * Operators that the library placed on its CPU provider, and how many of each, from what it told the console.
 * @throws Error if it told of no placements: then nothing is known, which is not the same as none
 */
export function placedOnCpu(told: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  let isCpu: boolean | null = null;
  for (const line of told.flatMap((text) => text.split("\n"))) {
    const provider = /placed on \[(\w+)\]/.exec(line)?.[1];
    if (provider !== undefined) isCpu = provider === "CPUExecutionProvider";
    // Where one provider took all, the nodes are counted and not listed.
    const all = isCpu ? /All nodes placed on .*Number of nodes: (\d+)/.exec(line)?.[1] : undefined;
    if (all !== undefined) counts[UNLISTED] = (counts[UNLISTED] ?? 0) + Number(all);
    const op = provider === undefined && isCpu ? /\s(\w+) \(/.exec(line)?.[1] : undefined;
    if (op !== undefined) counts[op] = (counts[op] ?? 0) + 1;
  }
  if (isCpu === null) throw new Error("onnxruntime-web did not tell where it placed its nodes");
  return counts;
}

/** Which operators providers left to the CPU. */
export function placements(rows: readonly Row[]): string {
  return rows
    .flatMap(({ name, leftToCpu }) => {
      if (!leftToCpu) return [];
      const ops = Object.entries(leftToCpu).map(([op, count]) => `${op} (${count})`);
      return [
        `- ${name}: ${ops.length === 0 ? "all operators" : `all but ${ops.join(", ")}, which the CPU did`}`,
      ];
    })
    .join("\n");
}
