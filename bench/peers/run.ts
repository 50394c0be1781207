/**
 * `npm run bench:peers`: greedy decoding of the bundled model by this engine and by onnxruntime-web, in one headless
 * Chromium on one machine, from the same weights, one token after another. Prints medians, spread and ratios.
 * Options: --tokens 64  --repeats 5  --only webgpu,wasm  --gpu (the real adapter instead of the software one)
 */
import { parseArgs } from "node:util";
import type { Page } from "@playwright/test";
import { openBrowser } from "./browser";
import type { GraphKind, Provider } from "./onnxruntime";
import { type Report, type Task, median, tokensPerSecond } from "./timing";

const { values: options } = parseArgs({
  options: {
    tokens: { type: "string", default: "64" },
    repeats: { type: "string", default: "5" },
    only: { type: "string", default: "webgpu,wasm" },
    gpu: { type: "boolean", default: false },
  },
});
const task: Task = {
  model: "story-target",
  prompt: "Once upon a time, there was a little",
  newTokens: Number(options.tokens),
  repeats: Number(options.repeats),
};
const wanted = new Set(options.only.split(","));

interface Row {
  readonly name: string;
  readonly report: Report;
}

/** Each engine gets a page of its own, so that none pays for what another left behind. */
async function measure(): Promise<Row[]> {
  const bench = await openBrowser(options.gpu);
  const inPage = async (name: string, work: (page: Page) => Promise<Report>): Promise<Row> => {
    console.log(`${name} ...`);
    const page = await bench.page(name);
    const report = await work(page);
    await page.close();
    return { name, report };
  };
  try {
    const own = await inPage("decoscope", (page) =>
      page.evaluate((t) => (window.bench as NonNullable<typeof window.bench>).runDecoscope(t), task),
    );
    const { promptTokens } = own.report;
    const rows = [own];
    const peers: [Provider, GraphKind][] = [
      ["webgpu", "plain"],
      ["webgpu", "fused"],
      ["wasm", "plain"],
      ["wasm", "fused"],
    ];
    for (const [provider, graph] of peers.filter(([p]) => wanted.has(p))) {
      rows.push(
        await inPage(`onnxruntime-web ${provider}, ${graph} graph`, (page) =>
          page.evaluate(
            ([t, tokens, p, g]) =>
              (window.bench as NonNullable<typeof window.bench>).runOnnx(t, tokens, p, g),
            [task, promptTokens, provider, graph] as const,
          ),
        ),
      );
    }
    return rows;
  } finally {
    await bench.close();
  }
}

/** @throws Error unless every generation of every engine gave the same tokens */
function checkTokens(rows: readonly Row[]): void {
  const expected = rows[0]?.report.generations[0]?.tokens.join(" ");
  for (const { name, report } of rows) {
    for (const { tokens } of report.generations) {
      if (tokens.join(" ") !== expected)
        throw new Error(
          `${name} decoded other tokens.\nexpected ${expected ?? "some"}\nfound    ${tokens.join(" ")}`,
        );
    }
  }
}

function print(rows: readonly Row[]): void {
  const speeds = rows.map(({ report }) => report.generations.map(tokensPerSecond));
  const own = median(speeds[0] ?? []);
  console.log(
    `\n${String(task.newTokens)} tokens, median of ${String(task.repeats)}; ${rows[0]?.report.ranOn ?? ""}`,
  );
  rows.forEach(({ name }, i) => {
    const all = speeds[i] ?? [];
    const mid = median(all);
    const spread = `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`;
    console.log(
      `${name.padEnd(40)} ${mid.toFixed(1).padStart(8)} tok/s  (${spread})  ${(own / mid).toFixed(1)}x`,
    );
  });
  for (const provider of ["webgpu", "wasm"]) {
    const best = Math.max(
      ...rows.map(({ name }, i) => (name.includes(` ${provider},`) ? median(speeds[i] ?? []) : 0)),
    );
    if (best > 0) console.log(`decoscope / fastest ${provider} graph: ${(own / best).toFixed(2)}`);
  }
}

const rows = await measure();
checkTokens(rows);
print(rows);
