/**
 * `npm run record`: writes the recorded runs that the page opens with (public/recordings), through the headless engine.
 * The same command gives the same tokens on the same class of device.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { create, globals } from "webgpu";
import { parseArguments } from "../src/headless/arguments";
import { run } from "../src/headless/commands";

Object.assign(globalThis, globals);

const RECORDINGS: Readonly<Record<string, readonly string[]>> = {
  "first-run": [
    ...["--model", "story-target", "--method", "rsd-s", "--set", "width=4", "depth=4"],
    ...["--prompt", "Once upon a time, there was a little", "--temperature", "0.8", "--seed", "17"],
    ...["--max-new-tokens", "40"],
  ],
};

await mkdir("public/recordings", { recursive: true });
for (const [name, flags] of Object.entries(RECORDINGS)) {
  const file = `public/recordings/${name}.jsonl`;
  const args = parseArguments(["run", ...flags, "--profile", "--trace", file]);
  if (args.command !== "run") throw new Error("a recording is a run");
  const result = (await run(create([]), args, (path, text) => writeFile(path, text))) as {
    text: string;
    stats: { tokensPerTargetForward: number };
  };
  console.log(
    `${file}: ${result.stats.tokensPerTargetForward.toFixed(2)} tokens per target forward: ${result.text}`,
  );
}
process.exit(0);
