/** What the hub says of a model before any of its files is fetched: commit, licence, files with sizes and hashes. */
import { listFiles, modelInfo } from "@huggingface/hub";
import { DecoscopeError } from "../../base/errors";
import type { HubName } from "./name";
import { ask, problem, type Hub } from "./request";

export interface HubFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of the content; null for small files, which the hub keeps as git blobs. */
  readonly sha256: string | null;
  /** SHA-1 of the content as a git blob; null where sha256 is known. */
  readonly gitOid: string | null;
}

export interface Repository {
  readonly repo: string;
  /** 40 hexadecimal digits: the same files for ever. */
  readonly commit: string;
  /** SPDX id or the hub's word for it; null where the authors say none. */
  readonly licence: string | null;
  /** Whether its authors decide who may fetch it. */
  readonly isGated: boolean;
  /** Files in its root. */
  readonly files: readonly HubFile[];
}

/** More entries than any model needs: a listing must not go on for ever. */
const MOST_FILES = 2000;

function licenceOf(card: unknown, tags: unknown): string | null {
  const licence = (card as { license?: unknown; license_name?: unknown } | undefined)?.license;
  const name = (card as { license_name?: unknown } | undefined)?.license_name;
  if (licence === "other" && typeof name === "string") return name.slice(0, 80);
  if (typeof licence === "string") return licence.slice(0, 80);
  const tag = Array.isArray(tags)
    ? tags.find((t): t is string => typeof t === "string" && t.startsWith("license:"))
    : undefined;
  return tag?.slice("license:".length, 80) ?? null;
}

/**
 * Asks the hub about a model: one request for its facts, one or more for the listing of the commit that they name.
 * @throws DecoscopeError with a reason as {@link ask} does
 */
export async function describe(
  hub: Hub,
  { repo, revision }: HubName,
  signal?: AbortSignal,
): Promise<Repository> {
  // The library asks, this says how; so its refusals are ours, with what to do.
  const viaAsk: typeof fetch = (input, init) =>
    ask(
      hub,
      input instanceof Request ? input.url : String(input),
      revision === "main" ? repo : `${repo}@${revision}`,
      {
        headers: Object.fromEntries(new Headers(init?.headers)),
        signal,
      },
    );
  const common = { hubUrl: hub.base, fetch: viaAsk };
  try {
    const info = await modelInfo({
      ...common,
      name: repo,
      revision,
      additionalFields: ["sha", "cardData", "tags"],
    });
    if (typeof info.sha !== "string" || !/^[0-9a-f]{40}$/.test(info.sha))
      throw problem(
        "busy",
        `Expected the hub to name a commit of ${repo}, found ${JSON.stringify(info.sha)}. Try again later.`,
      );
    const files: HubFile[] = [];
    for await (const entry of listFiles({ ...common, repo, revision: info.sha })) {
      if (entry.type !== "file") continue;
      const sha256 = entry.lfs?.oid ?? null;
      files.push({
        name: entry.path,
        sizeBytes: entry.lfs?.size ?? entry.size,
        sha256: sha256 !== null && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null,
        gitOid: sha256 === null && /^[0-9a-f]{40}$/.test(entry.oid ?? "") ? (entry.oid ?? null) : null,
      });
      if (files.length > MOST_FILES)
        throw problem(
          "damaged",
          `${repo}: expected at most ${MOST_FILES} files, found more. Choose another model.`,
        );
    }
    return {
      repo,
      commit: info.sha,
      licence: licenceOf(info.cardData, info.tags),
      isGated: Boolean(info.gated),
      files,
    };
  } catch (thrown) {
    if (thrown instanceof DecoscopeError) throw thrown;
    throw problem(
      "busy",
      `The hub answered about ${repo} with something unexpected. Try again later.`,
      String(thrown),
    );
  }
}

/** Where a file of a commit is fetched from. */
export const fileUrl = (hub: Hub, repo: string, commit: string, name: string): string =>
  `${hub.base}/${repo}/resolve/${commit}/${name.split("/").map(encodeURIComponent).join("/")}`;
