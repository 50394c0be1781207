/** Finds a Chromium or Chrome that can run the page; installs nothing. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "@playwright/test";

/** Oldest release whose new headless mode and software WebGPU adapter the tests were written for. */
const OLDEST_MAJOR = 128;

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "google-chrome-beta",
  "chrome",
  "microsoft-edge",
];
const PLACES = [
  "/usr/lib/chromium/chromium",
  "/usr/lib64/chromium-browser/chromium-browser",
  "/opt/google/chrome/chrome",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

export interface Browser {
  readonly path: string;
  /** What the program says of itself; "unknown" on Windows, where asking would open a window. */
  readonly version: string;
}

/** Every path looked at, in order: CHROME_PATH, the usual names on PATH, the usual places, Playwright's download. */
export function browserCandidates(): string[] {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return [
    ...(process.env["CHROME_PATH"] ? [process.env["CHROME_PATH"]] : []),
    ...NAMES.flatMap((name) => onPath.map((folder) => join(folder, name))),
    ...PLACES,
    chromium.executablePath(),
  ];
}

function ask(path: string): Browser | null {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return null;
  }
  if (process.platform === "win32") return { path, version: "unknown" };
  // Ubuntu's chromium-browser is a script that only asks for a snap: it fails here and is passed over.
  const said = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 20_000 });
  const major = /(\d+)\.\d+\.\d+/.exec(said.stdout)?.[1];
  if (said.status !== 0 || major === undefined || Number(major) < OLDEST_MAJOR) return null;
  return { path, version: said.stdout.trim() };
}

/** The first candidate that starts and is new enough; null if there is none. */
export function findBrowser(): Browser | null {
  for (const path of browserCandidates()) {
    const found = existsSync(path) ? ask(path) : null;
    if (found) return found;
  }
  return null;
}
