/** How the page is built and served. Tests have their own file, vitest.config.ts. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses, so that the built folder works under any path of any static host.
  base: "./",
  plugins: [react()],
  build: {
    target: "es2023",
    chunkSizeWarningLimit: 1500,
    // How long plugins took says nothing to somebody who wants to see the page.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  worker: { format: "es" },
  server: { port: 5173 },
  preview: { port: 4173 },
});
