/**
 * `npm run bench:page [-- --nodes 256 --rounds 240 --rate 60 --view Tree --phone --profile FILE]`: what the built page's own thread takes for
 * one batch of events of a live run, by what it is spent on. The engine's worker is replaced by one that sends trees made
 * beforehand. Processor time of the thread, so that others' work on the machine counts little. `--profile` writes what the browser's
 * sampling profiler saw, to be opened in its developer tools.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type CDPSession, chromium } from "@playwright/test";
import { build, preview } from "vite";
import { ensureBrowser } from "../../scripts/setup";

const { values: options } = parseArgs({
  options: {
    nodes: { type: "string", default: "256" },
    rounds: { type: "string", default: "240" },
    rate: { type: "string", default: "60" },
    view: { type: "string", default: "Tree" },
    phone: { type: "boolean", default: false },
    profile: { type: "string" },
  },
});
const rounds = Number(options.rounds);

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The worker that sends the run, as one script. */
async function workerScript(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    build: {
      write: false,
      lib: { entry: fromRoot("bench/page/worker.ts"), formats: ["iife"], name: "worker" },
    },
  });
  const [output] = [built].flat();
  if (output === undefined || !("output" in output))
    throw new Error("The benchmark's worker could not be built.");
  const given = { nodes: Number(options.nodes), rounds, rate: Number(options.rate) };
  return `const BENCH = ${JSON.stringify(given)};\n${output.output[0].code}`;
}

/** What the page's thread has done so far, in ms, and how many nodes it keeps. */
async function totals(session: CDPSession): Promise<Readonly<Record<string, number>>> {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

const outDir = fromRoot(".cache/bench-page");
const root = fromRoot(".");
await build({
  root,
  logLevel: "warn",
  build: { outDir, emptyOutDir: true, minify: options.profile === undefined },
});
const server = await preview({ root, build: { outDir }, preview: { host: "127.0.0.1", port: 0 } });
const url = server.resolvedUrls?.local[0];
if (url === undefined) throw new Error("The page could not be served.");
const browser = await chromium.launch({
  executablePath: ensureBrowser().path,
  args: ["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});
try {
  const page = await browser.newPage({
    viewport: options.phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    serviceWorkers: "block",
    reducedMotion: "reduce",
  });
  page.on("pageerror", (error) => console.error(error.message));
  const body = await workerScript();
  await page.route("**/assets/worker-*.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body }),
  );
  await page.goto(url);
  await page.getByText("Recorded run").waitFor();
  await page.getByRole("tab", { name: options.view, exact: true }).click();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  if (options.profile !== undefined) await session.send("Profiler.enable");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText("Live run").waitFor();
  if (options.profile !== undefined) await session.send("Profiler.start");
  const before = await totals(session);
  const began = performance.now();
  await page
    .locator(`[data-testid="engine-status"][data-phase="idle"]`)
    .waitFor({ state: "attached", timeout: 600_000 });
  const after = await totals(session);
  const wallMs = performance.now() - began;
  if (options.profile !== undefined) {
    const { profile } = await session.send("Profiler.stop");
    writeFileSync(options.profile, JSON.stringify(profile));
  }
  const perBatch = (name: string): string =>
    ((1000 * ((after[name] ?? 0) - (before[name] ?? 0))) / rounds).toFixed(2).padStart(7);
  console.log(
    `\n${options.nodes} nodes a tree, ${rounds} batches, ${options.rate} a second, view ${options.view}`,
  );
  console.log("processor time of the page's thread, ms a batch");
  for (const [name, metric] of [
    ["scripting", "ScriptDuration"],
    ["styles", "RecalcStyleDuration"],
    ["layout", "LayoutDuration"],
    ["all tasks", "TaskDuration"],
  ] as const)
    console.log(`  ${name.padEnd(10)} ${perBatch(metric)}`);
  console.log(
    `${(wallMs / 1000).toFixed(1)} s, ${(((after["LayoutCount"] ?? 0) - (before["LayoutCount"] ?? 0)) / rounds).toFixed(2)} layouts a batch, ${after["Nodes"]} nodes`,
  );
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
