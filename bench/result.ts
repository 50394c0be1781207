/**
 * Writes the results that the page's Benchmarks place draws: public/benchmarks/ID.json and the list beside it, which has
 * the notes on methods too. The format is
 * documented in docs/benchmarks.md.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
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
/** What a benchmark says of itself; format, date, commit and the hashes of the models' weights are filled in. */
export type Measured = Omit<BenchmarkInput, "format" | "date" | "commit" | "weights"> & {
  /** Models that were measured: ids of bundled ones, or folders. */
  readonly models: readonly string[];
};

/** By path; weights are hashed as they are when this is first asked. */
const hashes = new Map<string, string>();

/** SHA-256 of the weights of a bundled model or of a model's folder; null where there are none. */
export function hashOfWeights(model: string): string | null {
  const path = [`public/models/${model}`, model]
    .map((f) => `${f}/model.safetensors`)
    .find((f) => existsSync(f));
  if (path === undefined) return null;
  const hash = hashes.get(path) ?? createHash("sha256").update(readFileSync(path)).digest("hex");
  hashes.set(path, hash);
  return hash;
}

/** Models of a result whose weights are others now; those that are not here cannot be compared. */
export const outdatedModels = ({ weights = {} }: Pick<BenchmarkInput, "weights">): string[] =>
  Object.keys(weights).filter((model) => ![weights[model], null].includes(hashOfWeights(model)));

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

/** Writes the list of the results in a folder, with what they note of methods and which are of earlier weights. */
export async function writeIndex(folder = FOLDER): Promise<void> {
  const results = (await readdir(folder))
    .filter((name) => name.endsWith(".json") && name !== "index.json")
    .map((name) => name.slice(0, -".json".length))
    .sort();
  const files = results.map((result) => ({
    result,
    file: JSON.parse(readFileSync(`${folder}/${result}.json`, "utf8")) as BenchmarkResult,
  }));
  const notes = files.flatMap(({ result, file }) =>
    file.notes.flatMap(({ method, text }) => (method === null ? [] : [{ result, method, text }])),
  );
  const outdated = files
    .map(({ result, file }) => ({ result, models: outdatedModels(file) }))
    .filter(({ models }) => models.length > 0);
  await write(`${folder}/index.json`, { results, notes, outdated });
}

/**
 * Checks a result and writes it with today's date; returns the path.
 * @throws Error naming every part that does not fit the format; nothing is written then.
 */
export async function writeResult({ models, ...measured }: Measured, folder = FOLDER): Promise<string> {
  const weights = models.flatMap((model) => {
    const hash = hashOfWeights(model);
    return hash === null ? [] : [[model, hash] as const];
  });
  const whole: BenchmarkInput = {
    format: RESULT_FORMAT,
    ...measured,
    date: new Date().toISOString().slice(0, 10),
    commit: currentCommit(),
    weights: Object.fromEntries(weights),
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
