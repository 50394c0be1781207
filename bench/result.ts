/**
 * Writes the results that the page's Benchmarks place draws: public/benchmarks/ID.json and the list beside it, which has
 * the notes on methods too. The format is
 * documented in docs/benchmarks.md.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { format } from "prettier";
import {
  readResult,
  RESULT_FORMAT,
  type BenchmarkInput,
  type BenchmarkResult,
} from "../src/ui/benchmarks/schema";

const FOLDER = "public/benchmarks";

export type { BenchmarkInput } from "../src/ui/benchmarks/schema";
/** What a benchmark says of itself; format, date and commit are filled in. */
export type Measured = Omit<BenchmarkInput, "format" | "date" | "commit">;

/** The commit that is measured, with "+" if files were changed since; null outside a repository. */
export function currentCommit(): string | null {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "shaders", "bench");
    return `${git("rev-parse", "--short", "HEAD")}${changed === "" ? "" : "+"}`;
  } catch {
    return null;
  }
}

const write = async (path: string, value: unknown): Promise<void> =>
  writeFile(path, await format(JSON.stringify(value), { parser: "json", printWidth: 110 }));

/** Writes the list of the results in a folder, with what they note of methods. */
export async function writeIndex(folder = FOLDER): Promise<void> {
  const results = (await readdir(folder))
    .filter((name) => name.endsWith(".json") && name !== "index.json")
    .map((name) => name.slice(0, -".json".length))
    .sort();
  const notes = results.flatMap((result) => {
    const { notes: all } = JSON.parse(readFileSync(`${folder}/${result}.json`, "utf8")) as BenchmarkResult;
    return all.flatMap(({ method, text }) => (method === null ? [] : [{ result, method, text }]));
  });
  await write(`${folder}/index.json`, { results, notes });
}

/**
 * Checks a result and writes it with today's date; returns the path.
 * @throws Error naming every part that does not fit the format; nothing is written then.
 */
export async function writeResult(measured: Measured, folder = FOLDER): Promise<string> {
  const whole: BenchmarkInput = {
    format: RESULT_FORMAT,
    ...measured,
    date: new Date().toISOString().slice(0, 10),
    commit: currentCommit(),
  };
  const read = readResult(whole);
  if ("problems" in read)
    throw new Error(
      `The result "${measured.id}" does not fit docs/benchmarks.md:\n${read.problems.join("\n")}`,
    );
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${measured.id}.json`;
  await write(path, whole);
  await writeIndex(folder);
  return path;
}
