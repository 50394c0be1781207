/** Fetches results and their list, and checks them. */
import * as v from "valibot";
import { DecoscopeError } from "../../base/errors";
import { fetchJson } from "../fetched";
import { INDEX, readResult, type BenchmarkIndex, type BenchmarkResult } from "./schema";

export const INDEX_PATH = "benchmarks/index.json";
export const pathOf = (id: string): string => `benchmarks/${id}.json`;

/** Which results there are, and their notes on methods. @throws DecoscopeError */
export async function loadIndex(path: string): Promise<BenchmarkIndex> {
  const read = v.safeParse(INDEX, await fetchJson(path));
  if (read.success) return read.output;
  throw new DecoscopeError("load", `${path}: expected { "results": [ids] }; ${read.issues[0].message}.`);
}

/** A result. @throws DecoscopeError that names what does not fit the format */
export async function loadResult(path: string): Promise<BenchmarkResult> {
  const read = readResult(await fetchJson(path));
  if ("result" in read) return read.result;
  throw new DecoscopeError(
    "load",
    `${path} does not fit the format of results: ${read.problems.slice(0, 3).join("; ")}. Make it again with its command.`,
  );
}
