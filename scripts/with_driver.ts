/** Runs a TypeScript file in a Node process that gets the best GPU adapter of this machine: `with_driver.ts FILE ARGS`. */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { findDriver } from "./find_vulkan";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error("expected the file to run");
const driver = findDriver("any");
if (!driver) {
  console.error(
    "Node's WebGPU found no adapter. Expected a GPU with a Vulkan 1.1 driver, Metal or Direct3D 12, or a software driver; " +
      "`npm run setup` looks for one and installs it where it can.",
  );
  process.exit(1);
}
const loaders = ["--import", "tsx", "--import", new URL("./wgsl_loader.mjs", import.meta.url).href];
const child = spawn(process.execPath, [...loaders, pathToFileURL(file).pathname, ...args], {
  stdio: "inherit",
  env: { ...process.env, ...driver.env },
});
process.on("SIGINT", () => child.kill("SIGINT"));
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
