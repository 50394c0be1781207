/**
 * `npm run lighthouse [-- --form desktop]`: builds the page and runs Lighthouse on it, as a desk and as a phone see it. Prints the scores and what pulled
 * them down, and fails where one is under 95. Performance is measured on this machine's clock: it says something on a quiet machine only.
 */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import compression from "compression";
import { build, preview, type Connect } from "vite";
import { ensureBrowser } from "./setup";

/** Fetched by npx when it is asked for: with all it brings it weighs more than everything else that is installed. */
const LIGHTHOUSE = "lighthouse@12.8.2";
const LEAST = 95;
const FORMS = ["desktop", "mobile"];
const CATEGORIES = ["performance", "accessibility", "best-practices"];

interface Report {
  readonly runtimeError?: { readonly message: string };
  readonly environment: { readonly benchmarkIndex: number };
  readonly categories: Readonly<
    Record<
      string,
      { readonly score: number | null; readonly auditRefs: readonly { id: string; weight: number }[] }
    >
  >;
  readonly audits: Readonly<
    Record<
      string,
      { readonly title: string; readonly score: number | null; readonly displayValue?: string } | undefined
    >
  >;
}

const { values } = parseArgs({ options: { form: { type: "string" } } });
const forms = values.form === undefined ? FORMS : [values.form];
if (!forms.every((form) => FORMS.includes(form)))
  throw new Error(`Expected --form desktop or --form mobile, found ${values.form}.`);

/** Not spawnSync: the page is served by this very process. */
async function measure(url: string, form: string): Promise<Report> {
  const { stdout } = await promisify(execFile)(
    "npx",
    [
      "--yes",
      LIGHTHOUSE,
      url,
      ...(form === "desktop" ? ["--preset=desktop"] : []),
      `--only-categories=${CATEGORIES.join()}`,
      "--output=json",
      "--quiet",
      "--chrome-flags=--headless=new --no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader",
    ],
    {
      maxBuffer: 1 << 28,
      env: { ...process.env, CHROME_PATH: process.env["CHROME_PATH"] ?? ensureBrowser().path },
    },
  ).catch((thrown: unknown) => {
    throw new Error(
      `Lighthouse wrote no report; npx needs the network to fetch ${LIGHTHOUSE}. ${String(thrown)}`,
    );
  });
  const report = JSON.parse(stdout) as Report;
  if (report.runtimeError) throw new Error(`Lighthouse could not measure: ${report.runtimeError.message}`);
  return report;
}

/** Prints what came out; returns whether every score is high enough. */
function print(form: string, { categories, audits, environment }: Report): boolean {
  console.log(`\n${form} (processor of this machine now: ${Math.round(environment.benchmarkIndex)})`);
  return CATEGORIES.map((id) => {
    const category = categories[id];
    const score = Math.round(100 * (category?.score ?? 0));
    console.log(`  ${id.padEnd(15)} ${String(score).padStart(3)}${score < LEAST ? `  under ${LEAST}` : ""}`);
    for (const { id: audit, weight } of category?.auditRefs ?? []) {
      const found = audits[audit];
      if (weight > 0 && found?.score !== null && found !== undefined && found.score < 0.9)
        console.log(
          `      ${found.title}${found.displayValue === undefined ? "" : `: ${found.displayValue}`}`,
        );
    }
    return score >= LEAST;
  }).every(Boolean);
}

await build({ logLevel: "warn" });
const server = await preview({
  logLevel: "warn",
  preview: { host: "127.0.0.1", port: 0 },
  // As every static host sends text; the built page would count more than twice its bytes without.
  plugins: [
    {
      name: "compressed",
      configurePreviewServer: ({ middlewares }) => {
        // Written for Express, whose requests are those of Node and more; it uses nothing of the more.
        middlewares.use(compression() as unknown as Connect.NextHandleFunction);
      },
    },
  ],
});
const url = server.resolvedUrls?.local[0];
if (url === undefined) throw new Error("The built page could not be served.");
let isGood = true;
try {
  for (const form of forms) isGood = print(form, await measure(url, form)) && isGood;
} finally {
  await server.close();
}
process.exit(isGood ? 0 : 1);
