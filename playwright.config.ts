/** End-to-end tests: the built page in a real Chromium, served from this machine and cut off from every other. */
import { createServer } from "node:net";
import { defineConfig, devices } from "@playwright/test";
import { ensureBrowser } from "./scripts/setup";

/** A port nobody listens on; the choice is handed to Playwright's own processes through the environment. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return String(typeof address === "object" ? address?.port : address);
}

const port = (process.env["DECOSCOPE_PORT"] ??= await freePort());
/** Where hub.spec.ts puts its hub; the page's server passes requests on to it. */
process.env["DECOSCOPE_HUB"] ??= await freePort();
const executablePath = (process.env["CHROME_PATH"] ??= ensureBrowser().path);

/** WebGPU on Chromium's software adapter, in the full browser's headless mode, with no way to another machine. */
const args = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--no-first-run",
];
/** A browser that offers no adapter, whatever the machine has. */
const withoutWebGpu = [...args.filter((arg) => !arg.includes("webgpu")), "--disable-gpu"];

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  forbidOnly: true,
  // The software adapter shares the processors with the tests: two at a time is what two cores carry.
  workers: 2,
  fullyParallel: true,
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: {
    // Nothing plays by itself; the test of the first minute asks for motion.
    contextOptions: { reducedMotion: "reduce" },
    baseURL: `http://localhost:${port}`,
    launchOptions: { executablePath, args },
    // The stored page would answer what tests want to answer themselves; five_tasks_phone.spec.ts lets it.
    serviceWorkers: "block",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
  },
  projects: [
    {
      name: "desktop",
      testIgnore: /without_webgpu/,
      use: { ...devices["Desktop Chrome"], viewport: { width: 1440, height: 900 } },
    },
    {
      name: "phone",
      testMatch: /phone|screenshots|accessibility/,
      use: {
        ...devices["Desktop Chrome"],
        viewport: { width: 390, height: 844 },
        deviceScaleFactor: 2,
        hasTouch: true,
        isMobile: true,
      },
    },
    {
      name: "without-webgpu",
      testMatch: /without_webgpu/,
      use: {
        ...devices["Desktop Chrome"],
        viewport: { width: 1440, height: 900 },
        launchOptions: { executablePath, args: withoutWebGpu },
      },
    },
  ],
  webServer: {
    command: `npx vite preview --port ${port} --strictPort`,
    url: `http://localhost:${port}`,
    reuseExistingServer: false,
  },
});
