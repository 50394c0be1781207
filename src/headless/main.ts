/** The engine from the command line: JSON on stdout and nothing else there, exit status 0 or 1 with an error record. */
import { readFile, writeFile } from "node:fs/promises";
import { create, globals } from "webgpu";
import { toErrorRecord } from "../base/errors";
import { parseArguments } from "./arguments";
import { chat } from "./chat";
import { benchmark, listMethods, listModels, memory, run, writeLogits } from "./commands";

Object.assign(globalThis, globals);

async function main(argv: readonly string[]): Promise<unknown> {
  const args = parseArguments(argv);
  switch (args.command) {
    case "methods":
      return listMethods();
    case "models":
      return listModels();
    case "run":
      return run(create([]), args, (path, text) => writeFile(path, text));
    case "chat":
      return chat(create([]), args, (path) => readFile(path, "utf8"));
    case "benchmark":
      return benchmark(create([]), args);
    case "memory":
      return memory(create([]), args);
    case "logits":
      return writeLogits(create([]), args, (path, bytes) => writeFile(path, bytes));
  }
}

try {
  process.stdout.write(`${JSON.stringify(await main(process.argv.slice(2)))}\n`);
  process.exit(0);
} catch (thrown) {
  process.stdout.write(`${JSON.stringify({ error: toErrorRecord(thrown) })}\n`);
  process.exit(1);
}
