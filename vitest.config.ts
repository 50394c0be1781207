/** The test rings that run in Node; tests/e2e has playwright.config.ts. */
import { defineConfig } from "vitest/config";

/** Folders of tests/; the tests of the repository see to it that no test lies outside them. */
export const RINGS = ["unit", "engine", "kernels", "models", "runtime", "methods", "ui"];
/** Rings that open a GPU device through the `webgpu` package. */
const onGpu = ["engine", "kernels", "models", "runtime", "methods"];
const ring = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`tests/${name}/**/*.test.{ts,tsx}`],
    globalSetup: onGpu.includes(name) ? ["tests/helpers/vulkan_setup.ts"] : [],
  },
});

export default defineConfig({
  test: {
    environment: "node",
    // One process a file: a device belongs to one file, and a driver that crashes takes one file with it.
    pool: "forks",
    // Software drivers compile kernels on one core: two files at a time use two. More would share one adapter's memory.
    maxWorkers: 2,
    allowOnly: false,
    // Software drivers compile a kernel in seconds, and some tests meet dozens of them for the first time.
    testTimeout: 300_000,
    hookTimeout: 60_000,
    projects: ["unit", "engine", "kernels", "models", "runtime", "methods", "ui"].map(ring),
  },
});
