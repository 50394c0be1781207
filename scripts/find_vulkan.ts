/** Finds a driver on which Node's WebGPU (Dawn, the `webgpu` package) gets an adapter; installs nothing. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { browserCandidates } from "./find_browser";

const PROBE = fileURLToPath(new URL("./probe_adapter.mjs", import.meta.url));
const DRIVER_FOLDERS = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/** Variables a process must be started with, so that the Vulkan loader takes this driver. */
export type DriverEnv = Readonly<Record<string, string>>;

export interface Driver {
  readonly env: DriverEnv;
  /** For people: vendor, architecture, description. */
  readonly adapter: string;
  readonly hasF16: boolean;
}

function softwareDrivers(): string[] {
  const lavapipe = DRIVER_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.startsWith("lvp_icd"))
      .map((name) => join(folder, name)),
  );
  const besideBrowser = browserCandidates()
    .filter((path) => existsSync(path))
    .flatMap((path) => [dirname(realpathSync(path)), "/usr/lib/chromium", "/usr/lib64/chromium-browser"])
    .map((folder) => join(folder, "vk_swiftshader_icd.json"));
  return [...lavapipe, ...besideBrowser].filter(
    (path, i, all) => existsSync(path) && all.indexOf(path) === i,
  );
}

/**
 * Ways to start a process, best first. "software" puts CPU drivers first, because tests must see the same adapter
 * everywhere; "any" puts the system's own choice first, which is the GPU where there is one.
 */
export function driverCandidates(prefer: "software" | "any"): DriverEnv[] {
  const asIs: DriverEnv = {};
  // The user's word, or a platform whose WebGPU does not use Vulkan.
  if (process.env["VK_DRIVER_FILES"] || process.env["VK_ICD_FILENAMES"] || process.platform !== "linux")
    return [asIs];
  const software = softwareDrivers().flatMap((file): DriverEnv[] => {
    const env = { VK_DRIVER_FILES: file };
    // A browser brings its own Vulkan loader, for machines that have none.
    const folder = dirname(file);
    const hasLoader = existsSync(join(folder, "libvulkan.so.1"));
    const libraries = [folder, process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":");
    return hasLoader ? [env, { ...env, LD_LIBRARY_PATH: libraries }] : [env];
  });
  return prefer === "software" ? [...software, asIs] : [asIs, ...software];
}

function probe(env: DriverEnv): Driver | null {
  // In a process of its own: the loader reads the variables once, and a broken driver may crash.
  const run = spawnSync(process.execPath, [PROBE], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 30_000,
  });
  const line = run.stdout.split("\n").find((text) => text.startsWith("{"));
  return run.status === 0 && line ? { env, ...(JSON.parse(line) as Omit<Driver, "env">) } : null;
}

/** The first candidate with an adapter; null if there is none. */
export function findDriver(prefer: "software" | "any"): Driver | null {
  for (const env of driverCandidates(prefer)) {
    const driver = probe(env);
    if (driver) return driver;
  }
  return null;
}
