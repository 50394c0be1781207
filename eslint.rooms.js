/** The rooms of src/ and who may import whom, as lint rules. tests/unit/repo/rooms.test.ts proves that they hold. */
import tseslint from "typescript-eslint";
import { createNodeResolver, importX } from "eslint-plugin-import-x";

/**
 * What each room may import from beside itself: rooms, or single files of one. A target in `types` may be imported
 * with `import type` only. Rooms are the folders of src/.
 */
const ROOMS = {
  base: { may: [] },
  engine: { may: ["base"] },
  kernels: { may: ["engine", "base"] },
  models: { may: ["kernels", "engine", "base"] },
  runtime: {
    may: ["models", "kernels", "engine", "base"],
    types: [
      "decoding/session.ts",
      "decoding/canvas/session.ts",
      "decoding/depth/session.ts",
      "decoding/depth/policy.ts",
      "trace/events.ts",
    ],
  },
  trace: { may: ["base"] },
  tasks: { may: ["base"] },
  chat: { may: ["trace", "base"] },
  decoding: { may: ["trace", "tasks", "base"], types: ["models/model.ts"] },
  parallel: { may: ["decoding", "tasks", "trace", "base"] },
  share: { may: ["base"] },
  worker: {
    may: [
      ...["models", "kernels", "engine", "runtime", "trace", "decoding", "parallel", "chat"],
      ...["share", "base"],
    ],
  },
  headless: {
    may: [
      ...["models", "kernels", "engine", "runtime", "trace", "tasks", "decoding", "parallel"],
      ...["chat", "share", "base", "worker"],
    ],
  },
  ui: {
    may: [
      ...["base", "trace", "tasks", "share", "decoding", "parallel", "chat"],
      ...["models/catalog.ts", "models/hub/name.ts", "worker/client.ts"],
    ],
    types: ["worker/api.ts"],
  },
};

/** Files with narrower walls than their room has. `self` lists what they may import of their own room. */
const FILES = {
  "models/catalog.ts": { may: ["base"], self: [] },
  "models/model.ts": { may: ["base"], self: [] },
  "models/hub/name.ts": { may: ["base"], self: [] },
  "worker/client.ts": { may: ["trace", "chat", "base"], self: ["worker/api.ts"] },
};

const OUTSIDE = ["tests", "training", "bench", "docs", "scripts"];
const folderOf = (target) => target.split("/")[0];
const inSrc = (target) => `./src/${target}`;

/** Zones of import-x/no-restricted-paths for one place in src/. */
function zonesOf(place, { may, types = [], self }) {
  const open = [...may, ...types];
  const message = (of) =>
    `src/${place} may not import ${of}. It may import: ${[...open, ...(self ?? [])].join(", ") || "nothing"}. See CONTRIBUTING.md, "Rooms".`;
  const room = folderOf(place);
  const zones = [];
  for (const other of Object.keys(ROOMS)) {
    if (other === room && self === undefined) continue;
    const allowed = other === room ? self : open.filter((target) => folderOf(target) === other);
    if (allowed.includes(other)) continue;
    zones.push({
      target: inSrc(place),
      from: inSrc(other),
      except: allowed.map((target) => `./${target.slice(other.length + 1)}`),
      message: message(`src/${other}`),
    });
  }
  for (const outside of OUTSIDE)
    zones.push({ target: inSrc(place), from: `./${outside}`, message: message(outside) });
  if (room !== "kernels")
    zones.push({ target: inSrc(place), from: "./shaders", message: message("shaders") });
  return zones;
}

const typesOnly = (patterns) => ({
  "@typescript-eslint/no-restricted-imports": [
    "error",
    {
      patterns: patterns.map((regex) => ({
        regex,
        allowTypeImports: true,
        message: 'Only its types may be imported here: use "import type".',
      })),
    },
  ],
});

const noExtension = (file) => file.replace(/\.ts$/, "");

/** Lint rules of the room table, for a repository at `root`; independent of type information. */
export function roomRules(root) {
  const zones = Object.entries({ ...ROOMS, ...FILES }).flatMap(([place, rule]) => zonesOf(place, rule));
  const typed = Object.entries(ROOMS).filter(([, rule]) => rule.types);
  return tseslint.config(
    {
      files: ["src/**/*.{ts,tsx}"],
      languageOptions: { parser: tseslint.parser },
      plugins: { "import-x": importX, "@typescript-eslint": tseslint.plugin },
      settings: {
        "import-x/extensions": [".ts", ".tsx"],
        "import-x/parsers": { "@typescript-eslint/parser": [".ts", ".tsx"] },
        "import-x/resolver-next": [
          createNodeResolver({ extensions: [".ts", ".tsx", ".js", ".mjs", ".wgsl", ".json"] }),
        ],
      },
      rules: {
        "import-x/no-restricted-paths": ["error", { basePath: root, zones }],
        "import-x/no-cycle": ["error", { ignoreExternal: true }],
      },
    },
    ...typed.map(([room, rule]) => ({
      files: [`src/${room}/**/*.{ts,tsx}`],
      rules: typesOnly(rule.types.map((target) => `/${noExtension(target)}(\\.ts)?$`)),
    })),
    {
      files: ["src/worker/api.ts"],
      rules: typesOnly([".*"]),
    },
  );
}
