/**
 * `npm test`: everything that must hold, one summary at the end. Goes on after a failure, so that one run shows all.
 * Exit status 0 only if something ran and nothing failed.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { ensureBrowser, ensureDriver } from "./setup";

const REPORTS = ".cache/test";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}
interface Stage {
  readonly name: string;
  /** Arguments for npx. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Reads a report; a stage without one counts as one check. */
  readonly count?: () => Count;
}
interface Outcome extends Count {
  readonly name: string;
  readonly seconds: number;
}

/** Runs a stage with its output held back until it ends, so that stages side by side stay readable. */
async function runStage(stage: Stage): Promise<Outcome> {
  const started = Date.now();
  const chunks: Buffer[] = [];
  const status = await new Promise<number>((done) => {
    const child = spawn("npx", stage.command, {
      env: { ...process.env, FORCE_COLOR: "0", ...stage.env },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    child.stdout.on("data", (data: Buffer) => chunks.push(data));
    child.stderr.on("data", (data: Buffer) => chunks.push(data));
    child.on("error", () => done(1));
    child.on("close", (code) => done(code ?? 1));
  });
  const seconds = (Date.now() - started) / 1000;
  const count = readCount(stage, status);
  const output = Buffer.concat(chunks).toString().trim();
  console.log(`\n── ${stage.name} (${seconds.toFixed(0)} s) ${"─".repeat(60 - stage.name.length)}`);
  if (output) console.log(output);
  return { name: stage.name, seconds, ...count };
}

/** A stage that failed, or that ran nothing, has at least one failure, whatever its report says. */
function readCount(stage: Stage, status: number): Count {
  const whole = { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  if (!stage.count) return whole;
  try {
    const count = stage.count();
    const isBad = status !== 0 || count.passed + count.failed === 0;
    return { ...count, failed: isBad ? Math.max(1, count.failed) : count.failed };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const report = (name: string): string => `${REPORTS}/${name}.json`;
const readJson = (name: string): unknown => JSON.parse(readFileSync(report(name), "utf8"));

function countVitest(): Count {
  interface File {
    status: string;
    assertionResults: { status: string }[];
  }
  const files = (readJson("vitest") as { testResults: File[] }).testResults;
  const all = files.flatMap((file) => file.assertionResults);
  const withStatus = (status: string): number => all.filter((test) => test.status === status).length;
  // A file that could not be loaded has no tests to fail.
  const unloaded = files.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const passed = withStatus("passed");
  const failed = withStatus("failed");
  return { passed, failed: failed + unloaded.length, skipped: all.length - passed - failed };
}

function countPlaywright(): Count {
  const { stats } = readJson("playwright") as {
    stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  };
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}

const CHECKS: readonly Stage[] = [
  { name: "format", command: ["prettier", "--check", "--log-level", "warn", "."] },
  { name: "types", command: ["tsc"] },
  { name: "lint", command: ["eslint", "."] },
];
const BUILD: Stage = { name: "build", command: ["vite", "build", "--logLevel", "warn"] };
const VITEST: Stage = {
  name: "vitest",
  command: [
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report("vitest")}`,
  ],
  count: countVitest,
};
const E2E: Stage = {
  name: "e2e",
  command: ["playwright", "test", "--reporter=list,json"],
  env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report("playwright") },
  count: countPlaywright,
};

function summary(outcomes: readonly Outcome[]): boolean {
  console.log("\n── summary ─────────────────────────────────────────────────────");
  for (const { name, passed, failed, skipped, seconds } of outcomes) {
    const parts = [`${String(passed)} passed`, `${String(failed)} failed`];
    if (skipped > 0) parts.push(`${String(skipped)} skipped`);
    console.log(
      `${failed > 0 ? "✗" : "✓"} ${name.padEnd(36)} ${parts.join(", ").padEnd(32)} ${seconds.toFixed(0)} s`,
    );
  }
  const sum = (key: keyof Count): number => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log(`${String(sum("passed"))} passed, ${String(sum("failed"))} failed`);
  return sum("failed") === 0 && sum("passed") > 0;
}

async function main(): Promise<boolean> {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const browser = ensureBrowser();
  const driver = ensureDriver();
  console.log(`browser  ${browser.version}\ndriver   ${driver.adapter}${driver.hasF16 ? "" : " (no f16)"}`);
  Object.assign(process.env, { CHROME_PATH: browser.path, DECOSCOPE_DRIVER: driver.adapter, ...driver.env });

  const outcomes: Outcome[] = [];
  const inTurn = async (stages: readonly Stage[]): Promise<void> => {
    for (const stage of stages) outcomes.push(await runStage(stage));
  };
  // Two chains of one process each for two cores; with one core, one after the other.
  const chains = [CHECKS.slice(0, 2), [BUILD, ...CHECKS.slice(2)]];
  if (cpus().length > 1) await Promise.all(chains.map(inTurn));
  else await inTurn(chains.flat());
  await inTurn([VITEST]);
  if (existsSync("dist/index.html")) await inTurn([E2E]);
  else outcomes.push({ name: "e2e (no page was built)", passed: 0, failed: 1, skipped: 0, seconds: 0 });
  return summary(outcomes);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
