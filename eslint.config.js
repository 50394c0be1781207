/** Lint rules: typescript-eslint's strict set with types, React's hooks, and the walls between rooms. */
import { fileURLToPath } from "node:url";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";
import { roomRules } from "./eslint.rooms.js";

const root = fileURLToPath(new URL(".", import.meta.url));

export default tseslint.config(
  // The lint fixtures break the rules on purpose; tests/unit/repo lints them.
  { ignores: ["dist/", "build/", ".cache/", "public/", "training/", "test-results/", "tests/fixtures/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Index access is checked (noUncheckedIndexedAccess), so a "!" after an index is a claim that a reader can see.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Numbers and booleans read well in messages; objects and promises stay forbidden.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  { files: ["src/**/*.{ts,tsx}"], extends: [reactHooks.configs.flat["recommended-latest"]] },
  ...roomRules(root),
);
