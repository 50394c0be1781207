/**
 * Makes sure that the tests have what they need beyond npm packages: a Chromium, and a Vulkan driver for Node.
 * Finds them, or installs them where that is possible without asking, or says what was looked for and how to get it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, findBrowser } from "./find_browser";
import { type Driver, findDriver } from "./find_vulkan";

const isRoot = process.getuid?.() === 0;

function run(command: string, args: readonly string[], env: Record<string, string> = {}): boolean {
  console.log(`$ ${command} ${args.join(" ")}`);
  const result = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  return result.status === 0;
}

/** ID and VERSION_CODENAME of /etc/os-release; empty elsewhere. */
function distribution(): { id: string; codename: string } {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(text)?.[1] ?? "";
  return { id: field("ID"), codename: field("VERSION_CODENAME") };
}

const canApt = (): boolean => isRoot && existsSync("/usr/bin/apt-get");
const quiet = { DEBIAN_FRONTEND: "noninteractive" };
const apt = (...args: string[]): boolean => run("apt-get", ["-qq", ...args], quiet);

/** The archive the machine already uses, so that a mirror stays a mirror. */
function debianArchive(): string {
  const folder = "/etc/apt/sources.list.d";
  const listed = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const text = ["/etc/apt/sources.list", ...listed]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  return /^[^#]*?(https?:\/\/\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1] ?? "http://deb.debian.org/debian";
}

/** Debian 12 has a Mesa too old for Dawn; its backports have a new one. True if the source is there afterwards. */
function addBackports(): boolean {
  if (distribution().codename !== "bookworm") return false;
  const list = "/etc/apt/sources.list.d/bookworm-backports.list";
  if (!existsSync(list)) writeFileSync(list, `deb ${debianArchive()} bookworm-backports main\n`);
  return true;
}

/** @throws Error naming what was looked for, if there is no browser and none could be installed */
export function ensureBrowser(): Browser {
  const present = findBrowser();
  if (present) return present;
  console.log("No Chromium or Chrome found; installing one.");
  // Ubuntu's package is an empty shell around a snap, which containers cannot run.
  if (canApt() && distribution().id === "debian") {
    apt("update");
    apt("install", "-y", "--no-install-recommends", "chromium");
  }
  if (!findBrowser()) {
    run("npx", ["playwright", "install", ...(canApt() ? ["--with-deps"] : []), "--no-shell", "chromium"]);
  }
  const installed = findBrowser();
  if (installed) return installed;
  throw new Error(
    "No Chromium or Chrome was found, and none could be installed. Looked at CHROME_PATH, at the usual names on PATH " +
      "and places, and in Playwright's downloads. Install Chromium (Debian: apt-get install chromium; elsewhere: npx " +
      "playwright install chromium), or set CHROME_PATH to one, then run this again.",
  );
}

/** @throws Error naming what was looked for, if Node's WebGPU gets no adapter and no driver could be installed */
export function ensureDriver(): Driver {
  const present = findDriver("software");
  // A driver that the user names is what they want, with f16 or without.
  const isChosen = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  if (present && (present.hasF16 || isChosen)) return present;
  if (process.platform === "linux" && canApt()) {
    console.log("No Vulkan driver with f16 found for Node; installing Mesa's software driver.");
    const backports = addBackports();
    apt("update");
    apt(
      "install",
      "-y",
      "--no-install-recommends",
      ...(backports ? ["-t", "bookworm-backports"] : []),
      "libvulkan1",
      "mesa-vulkan-drivers",
    );
  }
  const found = findDriver("software") ?? present;
  if (found) return found;
  throw new Error(
    "Node's WebGPU (Dawn) found no adapter. Looked for Mesa's lavapipe (lvp_icd*.json in the usual Vulkan folders), for " +
      "SwiftShader beside Chromium (vk_swiftshader_icd.json) and at the system's own drivers. Install Mesa 23.1 or later (Debian: " +
      "apt-get install mesa-vulkan-drivers, on Debian 12 from bookworm-backports), or set VK_DRIVER_FILES to a driver's " +
      "JSON file, then run this again.",
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    const browser = ensureBrowser();
    console.log(`browser  ${browser.version} (${browser.path})`);
    const driver = ensureDriver();
    console.log(
      `driver   ${driver.adapter}${driver.hasF16 ? "" : " (no f16: variants that need it are not tested)"}`,
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
