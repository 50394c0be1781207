/**
 * Licences of what the built page is made of. Packages are those whose code is really in a chunk of the page, of its workers or of
 * replay.html; each has to bring the text of its licence, or the build fails.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin, Rolldown } from "vite";
import { plainPage, textOf } from "./plain_page.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
export const LICENCES_FILE = "licences.html";

/** Folders of packages under node_modules. */
export type Packages = Set<string>;

/** The service worker is put together after the page, by workbox-build, of these. */
const OF_SERVICE_WORKER = ["workbox-core", "workbox-precaching", "workbox-routing", "workbox-strategies"];

/** The folder of the package that a module belongs to; null for modules of ours. */
function packageOf(module: string): string | null {
  const [, folder] = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module.replace(/\\/g, "/")) ?? [];
  return folder ?? null;
}

/** Adds the packages of which something is in these chunks. */
export function addPackages(chunks: readonly Rolldown.OutputChunk[], packages: Packages): void {
  for (const { modules } of chunks)
    for (const [id, { renderedLength }] of Object.entries(modules)) {
      const folder = renderedLength > 0 ? packageOf(id) : null;
      if (folder !== null) packages.add(folder);
    }
}

/** For the page and its workers: notes what they are made of. */
export const notePackages = (packages: Packages): Plugin => ({
  name: "note-packages",
  apply: "build",
  generateBundle(_options, bundle) {
    addPackages(
      Object.values(bundle).filter((file) => file.type === "chunk"),
      packages,
    );
  },
});

interface Licence {
  /** As in "react 19.3.1". */
  readonly name: string;
  readonly home: string | null;
  /** Lines that say whose it is. */
  readonly owners: readonly string[];
  readonly text: string;
}

const OWNER = /^\s*(?:copyright\b|\u00a9|\(c\)).*\d{4}|^\s*copyright \(c\)/i;

function split(file: string): Pick<Licence, "owners" | "text"> {
  const lines = file.replace(/\r/g, "").trim().split("\n");
  const isOwner = (line: string): boolean => OWNER.test(line) && !line.includes("[yyyy]");
  return {
    owners: lines.filter(isOwner).map((line) => line.trim()),
    text: lines
      .filter((line) => !isOwner(line))
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim(),
  };
}

/**
 * Packages that name their licence in package.json and bring no text of it: which package has the same words, and whose they are as far
 * as package.json says it.
 */
const WITHOUT_TEXT: Readonly<Record<string, { readonly like: string; readonly owners: readonly string[] }>> =
  {
    "react-remove-scroll-bar": { like: "react-remove-scroll", owners: ["Author: Anton Korzunov"] },
  };

const fileIn = (folder: string): string | undefined =>
  readdirSync(folder).find((entry) => /^licen[cs]e(\.|-mit|$)/i.test(entry));

/** @throws Error if the package has no licence text */
function licenceOf(folder: string): Licence {
  const { name, version, homepage } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    homepage?: string;
  };
  const known = fileIn(folder) === undefined ? WITHOUT_TEXT[name] : undefined;
  const from = known ? join(ROOT, "node_modules", known.like) : folder;
  const file = fileIn(from);
  if (file === undefined)
    throw new Error(
      `${name} is part of the page, and its package has no licence text: add it to WITHOUT_TEXT in scripts/licences.ts, or use another package`,
    );
  const home = homepage !== undefined && /^https?:/.test(homepage) ? homepage : null;
  const { owners, text } = split(readFileSync(join(from, file), "utf8"));
  return { name: `${name} ${version}`, home, owners: known?.owners ?? owners, text };
}

/** Packages under one and the same text. */
interface Group {
  readonly text: string;
  readonly members: readonly Licence[];
}

function grouped(licences: readonly Licence[]): readonly Group[] {
  const groups = new Map<string, Licence[]>();
  for (const licence of licences) {
    // Line breaks and quotes differ where words do not.
    const key = licence.text.toLowerCase().replace(/[^a-z0-9]+/g, " ");
    groups.set(key, [...(groups.get(key) ?? []), licence]);
  }
  return [...groups.values()].map((members) => ({ text: members[0]!.text, members }));
}

/** Order of code points, so that every machine writes the same page. */
const byName = (a: Licence, b: Licence): number => (a.name < b.name ? -1 : 1);
const licencesOf = (packages: Packages): readonly Group[] =>
  grouped([...packages].map(licenceOf).sort(byName));

/** The same as plain text, for a file that carries the code with it. */
export const noticesOf = (packages: Packages): string =>
  licencesOf(packages)
    .map(({ text, members }) =>
      [...members.map(({ name, owners }) => [name, ...owners].join("; ")), "", text].join("\n"),
    )
    .join("\n\n----\n\n");

const FACES = [
  { name: "Inter", file: "Inter-LICENSE.txt" },
  { name: "Source Serif 4", file: "SourceSerif4-LICENSE.txt" },
] as const;

const ofPackage = ({ name, home, owners }: Licence): string =>
  `<li>${home === null ? textOf(name) : `<a href="${textOf(home)}">${textOf(name)}</a>`}${owners
    .map((owner) => `<br><small>${textOf(owner)}</small>`)
    .join("")}</li>`;

function licencesPage(packages: Packages): string {
  const software = licencesOf(packages)
    .map(
      ({ text, members }) =>
        `<section><ul>${members.map(ofPackage).join("")}</ul><pre tabindex="0">${textOf(text)}</pre></section>`,
    )
    .join("\n");
  const faces = FACES.map(({ name, file }) => {
    const text = readFileSync(join(ROOT, "src/ui/fonts", file), "utf8");
    return `<section><ul><li>${name}</li></ul><pre tabindex="0">${textOf(text.trim())}</pre></section>`;
  }).join("\n");
  return plainPage(
    "Licences",
    `<h1>Licences</h1>
<p>Decoscope itself, its shaders and the weights of its bundled models are under the Apache Licence 2.0. It could not be without what follows. <a href="./">Back to Decoscope</a></p>
<h2>Software in the page</h2>
<p>${packages.size} packages, by the words of their licences.</p>
${software}
<h2>Faces</h2>
${faces}
<h2>Models and data</h2>
<p>The story models were trained on TinyStories (R. Eldan and Y. Li, 2023), under CDLA-Sharing-1.0, which puts no obligation on results such as weights. The task models were trained on problems that this project makes itself. What each model was trained on stands in its card, among the <a href="./#models">models</a>. A model that you load by name from the hub has a licence of its own, shown before it is fetched.</p>`,
  );
}

/** Writes the page of licences, after everything else is known; in development it does not exist. */
export const licences = (packages: Packages): Plugin => ({
  name: "licences",
  configureServer(server) {
    server.middlewares.use(`/${LICENCES_FILE}`, (_request, response) => {
      response.statusCode = 404;
      response.end("Licences are collected when the page is built: npm run build");
    });
  },
  generateBundle: {
    order: "post",
    handler() {
      for (const name of OF_SERVICE_WORKER) {
        const folder = join(ROOT, "node_modules", name);
        if (existsSync(folder)) packages.add(folder);
      }
      this.emitFile({ type: "asset", fileName: LICENCES_FILE, source: licencesPage(packages) });
    },
  },
});
