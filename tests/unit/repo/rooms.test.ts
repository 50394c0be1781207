/** The walls between the rooms of src/ are lint rules; here each wall is seen to stand and each door to open. */
import { ESLint } from "eslint";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { roomRules } from "../../../eslint.rooms.js";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Written out apart from the rules themselves, as CONTRIBUTING.md has it: row may import from the listed columns. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  engine: ["base"],
  kernels: ["engine", "base"],
  models: ["kernels", "engine", "base"],
  runtime: ["models", "kernels", "engine", "base"],
  trace: ["base"],
  tasks: ["base"],
  chat: ["trace", "base"],
  decoding: ["trace", "tasks", "base"],
  parallel: ["decoding", "tasks", "trace", "base"],
  share: ["base"],
  worker: [
    "models",
    "kernels",
    "engine",
    "runtime",
    "trace",
    "decoding",
    "parallel",
    "chat",
    "share",
    "base",
  ],
  headless: [
    "models",
    "kernels",
    "engine",
    "runtime",
    "trace",
    "tasks",
    "decoding",
    "parallel",
    "chat",
    "share",
    "base",
    "worker",
  ],
  ui: ["base", "trace", "tasks", "share", "decoding", "parallel", "chat"],
};

/** Files whose doors differ from those of their room; the second test has them. */
const SPECIAL = ["catalog.ts", "model.ts", "client.ts", "api.ts", "session.ts", "events.ts"];

/** An existing file of each room, to import from: the rule looks at where a path leads, so it must lead somewhere. */
function doorOf(room: string): string {
  const files = readdirSync(resolve(ROOT, "src", room)).filter(
    (f) => /\.tsx?$/.test(f) && !SPECIAL.includes(f),
  );
  const [first] = files;
  if (first === undefined) throw new Error(`src/${room} has no file that could be imported`);
  return `${room}/${first.replace(/\.tsx?$/, "")}`;
}

const eslint = new ESLint({
  cwd: ROOT,
  overrideConfigFile: true,
  baseConfig: roomRules(ROOT),
  ignore: false,
});

/** Ids of the rules that a one-line file at `place` breaks; a probe may close a cycle, which is not the question here. */
async function brokenBy(place: string, line: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${line}\n`, { filePath: resolve(ROOT, place) });
  const ids = (result?.messages ?? []).map((m) => m.ruleId ?? `parse error: ${m.message}`);
  return ids.filter((id) => id !== "import-x/no-cycle");
}

const WALL = "import-x/no-restricted-paths";
const TYPES_ONLY = "@typescript-eslint/no-restricted-imports";

describe("rooms", () => {
  const rooms = Object.keys(MAY_IMPORT);
  for (const from of rooms) {
    it(`src/${from} imports only from ${MAY_IMPORT[from]?.join(", ") || "nothing"}`, async () => {
      for (const to of rooms.filter((room) => room !== from)) {
        const broken = await brokenBy(`src/${from}/probe.ts`, `import "../${doorOf(to)}";`);
        const isOpen = MAY_IMPORT[from]?.includes(to) === true;
        expect(broken, `src/${from} importing src/${to}`).toEqual(isOpen ? [] : [WALL]);
      }
    });
  }

  it.each([
    ["src/runtime/probe.ts", 'import type { Session } from "../decoding/session";', []],
    ["src/runtime/probe.ts", 'import { Session } from "../decoding/session";', [TYPES_ONLY]],
    ["src/runtime/probe.ts", 'import type { TraceEvent } from "../trace/events";', []],
    ["src/runtime/probe.ts", 'import { TRACE_VERSION } from "../trace/events";', [TYPES_ONLY]],
    ["src/runtime/probe.ts", 'import type { Method } from "../decoding/method";', [WALL]],
    ["src/decoding/probe.ts", 'import type { Model } from "../models/model";', []],
    ["src/decoding/probe.ts", 'import { Model } from "../models/model";', [TYPES_ONLY]],
    ["src/ui/probe.ts", 'import { CATALOG } from "../models/catalog";', []],
    ["src/ui/probe.ts", 'import { client } from "../worker/client";', []],
    ["src/ui/probe.ts", 'import type { RunSettings } from "../worker/api";', []],
    ["src/ui/panels/probe.ts", 'import { RunSettings } from "../../worker/api";', [TYPES_ONLY]],
    ["src/ui/panels/probe.ts", 'import "../../engine/device";', [WALL]],
    ["src/worker/api.ts", 'import { TRACE_VERSION } from "../trace/events";', [TYPES_ONLY]],
    ["src/worker/api.ts", 'import type { TraceEvent } from "../trace/events";', []],
    ["src/worker/client.ts", 'import "../trace/fold";', []],
    ["src/worker/client.ts", 'import type { WorkerApi } from "./api";', []],
    ["src/worker/client.ts", 'import "./run";', [WALL]],
    ["src/worker/client.ts", 'import "../decoding/method";', [WALL]],
    ["src/models/catalog.ts", 'import "../base/rng";', []],
    ["src/models/catalog.ts", 'import "../kernels/includes";', [WALL]],
    ["src/models/catalog.ts", 'import "./load";', [WALL]],
    ["src/kernels/probe.ts", 'import text from "../../shaders/include/rng.wgsl?raw";', []],
    ["src/models/probe.ts", 'import text from "../../shaders/include/rng.wgsl?raw";', [WALL]],
    ["src/ui/probe.ts", 'import "../../tests/helpers/gpu";', [WALL]],
    ["src/base/probe.ts", 'import "../../scripts/setup";', [WALL]],
  ])("%s: %s", async (place, line, expected) => {
    expect(await brokenBy(place, line)).toEqual(expected);
  });
});

describe("cycles", () => {
  it("two files that import each other are reported", async () => {
    const config = roomRules(ROOT).map((part) => ({ ...part, files: ["tests/fixtures/lint/**/*.ts"] }));
    const lint = new ESLint({
      cwd: ROOT,
      overrideConfigFile: true,
      baseConfig: config.slice(0, 1),
      ignore: false,
    });
    const results = await lint.lintFiles(["tests/fixtures/lint/cycle_*.ts"]);
    const broken = results.map((r) => r.messages.map((m) => m.ruleId));
    expect(broken).toEqual([["import-x/no-cycle"], ["import-x/no-cycle"]]);
  });
});
