/** Builds and serves the benchmark's page, isolated from other origins so that WASM threads may share memory. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: fromHere("."),
  base: "./",
  publicDir: fromHere("../../public"),
  build: { target: "es2023", outDir: fromHere("../../.cache/bench-peers"), emptyOutDir: true },
  worker: { format: "es" },
  preview: {
    host: "127.0.0.1",
    port: 0,
    headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  },
});
