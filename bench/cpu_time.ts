/**
 * `npm run bench:cpu [-- --tokens 120 --repeats 8 --storage int8]`: processor time of decoding on Chromium's software adapter, by what it is
 * spent on. Others' work on the machine makes wall clocks useless and leaves this alone, but for shared caches. Linux only.
 */
import { readFileSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { openBrowser } from "./peers/browser";
import { median, type Task, tokensPerSecond } from "./peers/timing";

const { values: options } = parseArgs({
  options: {
    tokens: { type: "string", default: "120" },
    repeats: { type: "string", default: "8" },
    storage: { type: "string", default: "f32" },
  },
});
const task: Task = {
  model: "story-target",
  prompt: "Once upon a time, there was a little",
  newTokens: Number(options.tokens),
  repeats: Number(options.repeats),
  budgetMs: Infinity,
};
const storage = options.storage === "int8" ? "int8" : "f32";

const text = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // The process or thread has ended.
  }
};

/** Milliseconds that each thread of a process has run, summed by the threads' names. */
function threadTimes(pid: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const name = text(`/proc/${pid}/task/${id}/comm`).trim().replace(/<\d+>/, "");
    const ms = Number(text(`/proc/${pid}/task/${id}/schedstat`).split(" ")[0]) / 1e6;
    times.set(name, (times.get(name) ?? 0) + ms);
  }
  return times;
}

/** The browser's process that has the GPU: a descendant of this one. */
function gpuProcess(): string {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, /\) \S (\d+)/.exec(text(`/proc/${pid}/stat`))?.[1] ?? "0"]),
  );
  const isOurs = (pid: string): boolean =>
    pid === String(process.pid) || (pid !== "0" && isOurs(parents.get(pid) ?? "0"));
  const found = [...parents.keys()].find(
    (pid) => isOurs(pid) && text(`/proc/${pid}/cmdline`).includes("--type=gpu-process"),
  );
  if (found === undefined) throw new Error("The browser started no process for the GPU.");
  return found;
}

const bench = await openBrowser(false);
try {
  const page = await bench.page("decoscope");
  // The first generation compiles, the second warms up.
  const adapter = await page.evaluate(
    async ([t, s]) => {
      const open = await (window.bench as NonNullable<typeof window.bench>).openDecoscope(t.model, s);
      window.decoscope = open;
      for (let i = 0; i < 2; i++) await open.generate(t);
      return open.adapter;
    },
    [task, storage] as const,
  );
  const pid = gpuProcess();
  const before = threadTimes(pid);
  const generations = await page.evaluate(async (t) => {
    const all = [];
    for (let i = 0; i < t.repeats; i++)
      all.push(await (window.decoscope as NonNullable<typeof window.decoscope>).generate(t));
    return all;
  }, task);
  const after = threadTimes(pid);
  const memory = await page.evaluate(() =>
    (window.decoscope as NonNullable<typeof window.decoscope>).memory(),
  );

  const tokens = generations.reduce((sum, g) => sum + g.tokens.length, 0);
  const used = [...after]
    .map(([name, ms]) => ({ name, ms: (ms - (before.get(name) ?? 0)) / tokens }))
    .filter(({ ms }) => ms >= 0.005)
    .sort((a, b) => b.ms - a.ms);
  const speeds = generations.map(tokensPerSecond);
  console.log(`\n${adapter}, ${storage} weights, ${tokens} tokens (timings of a software adapter)`);
  console.log("processor time of the GPU process, ms a token, by threads");
  for (const { name, ms } of used) console.log(`  ${name.padEnd(18)} ${ms.toFixed(2).padStart(6)}`);
  console.log(
    `  ${"all".padEnd(18)} ${used
      .reduce((sum, { ms }) => sum + ms, 0)
      .toFixed(2)
      .padStart(6)}`,
  );
  console.log(
    `wall clock: median ${median(speeds).toFixed(1)}, best ${Math.max(...speeds).toFixed(1)} tokens/s`,
  );
  console.log(`device memory: ${memory.liveBytes} bytes, at most ${memory.peakBytes}`);
} finally {
  await bench.close();
}
process.exit(0);
