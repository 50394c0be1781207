/**
 * A server on this machine that behaves like the Hugging Face hub: model information, paged listings, files behind
 * redirects (large ones at signed addresses of a store), ranges, tags, its headers and its ways to refuse. What it answers
 * was taken from recorded headers of the hub and from the code of @huggingface/hub and huggingface_hub.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Faults, sendBytes } from "./hub_faults";
import type { ModelFiles } from "./tiny_model";

export interface HubModel {
  readonly files: ModelFiles;
  /** Branches and tags beside `main`. */
  readonly branches?: ReadonlyMap<string, ModelFiles>;
  /** Needs a token of somebody who was let in. */
  readonly isGated?: boolean;
  readonly licence?: string;
  /** Sizes that its listing says of large files, where they are not the true ones. */
  readonly claims?: ReadonlyMap<string, number>;
}

export interface HubOptions {
  readonly port?: number;
  /** Path before everything, where another server passes requests on: `/hub`. */
  readonly prefix?: string;
  /** Entries of one page of a listing. */
  readonly pageSize?: number;
}

/** Who the server knows: one who was let in to gated models, and one who was not. */
export const TOKENS = { member: "hf_member", stranger: "hf_stranger" } as const;

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly hasToken: boolean;
}

const EXPOSED =
  "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range," +
  "X-Linked-Size,X-Linked-ETag,X-Xet-Hash";

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const gitOidOf = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
/** Large files and weights are kept in the store, as `.gitattributes` of most models say. */
const isLarge = (name: string): boolean => /\.safetensors$|(^|\/)tokenizer\.json$/.test(name);

function commitOf(files: ModelFiles): string {
  const hash = createHash("sha1");
  for (const [name, bytes] of files) hash.update(`${name} ${gitOidOf(bytes)}\n`);
  return hash.digest("hex");
}

/** A refusal as the hub words it, in headers and body. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly errorCode: string | null,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export class HubServer {
  readonly models = new Map<string, HubModel>();
  readonly faults = new Faults();
  readonly requests: LoggedRequest[] = [];
  private readonly server: Server;
  private readonly prefix: string;
  private readonly pageSize: number;

  private constructor({ prefix = "", pageSize = 1000 }: HubOptions) {
    this.prefix = prefix;
    this.pageSize = pageSize;
    this.server = createServer((req, res) => {
      this.answer(req, res).catch((thrown: unknown) => refuse(res, thrown));
    });
  }

  static async start(options: HubOptions = {}): Promise<HubServer> {
    const hub = new HubServer(options);
    await new Promise<void>((ready) => hub.server.listen(options.port ?? 0, "127.0.0.1", ready));
    return hub;
  }

  /** Where clients find it. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.prefix}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** The commit that `main` of a model stands at. */
  commit(id: string): string {
    return commitOf(this.models.get(id)!.files);
  }

  /** Requests for bytes of a file. */
  readsOf(file: string): readonly LoggedRequest[] {
    return this.requests.filter(({ path }) => path.includes("/resolve/") && path.endsWith(`/${file}`));
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? "/", "http://hub");
    const path = decodeURIComponent(url.pathname).slice(this.prefix.length);
    const { authorization, range, origin } = req.headers;
    this.requests.push({
      method: req.method ?? "",
      path,
      range: range ?? null,
      hasToken: authorization !== undefined,
    });
    res.setHeader("access-control-expose-headers", EXPOSED);
    res.setHeader("access-control-max-age", "86400");
    res.setHeader("vary", "Origin");
    if (origin !== undefined) res.setHeader("access-control-allow-origin", origin);
    if (req.method === "OPTIONS") {
      res.writeHead(204, {
        "access-control-allow-methods": "GET,HEAD,OPTIONS",
        "access-control-allow-headers": req.headers["access-control-request-headers"] ?? "",
      });
      res.end();
      return;
    }
    const stored = /^\/store\/([^/]+)\/([^/]+)\/([0-9a-f]{64})$/.exec(path);
    if (stored) return this.sendStored(res, `${stored[1]}/${stored[2]}`, stored[3]!, url, range);
    const token = tokenOf(authorization);
    const info = /^\/api\/models\/([^/]+\/[^/]+)(?:\/revision\/(.+))?$/.exec(path);
    if (info) {
      this.sendInfo(res, info[1]!, info[2] ?? "main", url, token);
      return;
    }
    const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(path);
    if (tree) {
      this.sendTree(res, tree[1]!, tree[2]!, url, token, req.headers.host ?? "");
      return;
    }
    const cached = /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([0-9a-f]{40})\/(.+)$/.exec(path);
    if (cached) {
      const bytes = this.filesOf(cached[1]!, cached[2]!).files.get(cached[3]!);
      if (!bytes) throw new Refusal(404, "EntryNotFound", "Entry not found");
      const headers = { "content-type": "text/plain; charset=utf-8", etag: `"${gitOidOf(bytes)}"` };
      return sendBytes(res, bytes, range, headers, this.fileFaults(cached[1]!, cached[3]!));
    }
    const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    if (resolve) {
      this.redirect(res, resolve[1]!, resolve[2]!, resolve[3]!, token);
      return;
    }
    throw new Refusal(404, null, "Sorry, we can't find the page you are looking for.");
  }

  private fileFaults(id: string, file: string) {
    return this.faults.take(`${id}/${file}`, ["cut", "stall", "corrupt", "slow", "web_page", "ignore_range"]);
  }

  private checkStatus(file: string): void {
    for (const fault of this.faults.take(file, ["status"])) {
      if (fault.kind !== "status") continue;
      const wait = fault.retryAfter;
      throw new Refusal(fault.status, null, fault.status === 429 ? "Too many requests" : "Internal error", {
        ...(wait === undefined
          ? {}
          : { "retry-after": String(wait), ratelimit: `"resolvers";r=0;t=${wait}` }),
        "ratelimit-policy": '"fixed window";"resolvers";q=3000;w=300',
      });
    }
  }

  private filesOf(id: string, revision: string): { model: HubModel; files: ModelFiles; commit: string } {
    const model = this.models.get(id);
    if (!model) throw new Refusal(404, "RepoNotFound", "Repository not found");
    const known = [["main", model.files] as const, ...(model.branches ?? [])];
    const found = known.find(([name, files]) => name === revision || commitOf(files) === revision);
    if (!found) throw new Refusal(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    return { model, files: found[1], commit: commitOf(found[1]) };
  }

  /** Without a token the hub does not tell whether a repository is there. */
  private checkKnown(id: string, token: string | null): void {
    if (!this.models.has(id) && token === null) throw new Refusal(401, null, "Invalid username or password.");
  }

  private sendInfo(res: ServerResponse, id: string, revision: string, url: URL, token: string | null): void {
    this.checkStatus("api");
    this.checkKnown(id, token);
    const { model, files, commit } = this.filesOf(id, revision === "HEAD" ? "main" : revision);
    const all: Record<string, unknown> = {
      sha: commit,
      gated: model.isGated ? "manual" : false,
      private: false,
      downloads: 0,
      likes: 0,
      lastModified: "2026-01-01T00:00:00.000Z",
      pipeline_tag: "text-generation",
      cardData: model.licence === undefined ? undefined : { license: model.licence },
      tags: ["safetensors", ...(model.licence === undefined ? [] : [`license:${model.licence}`])],
      siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
    };
    const expand = url.searchParams.getAll("expand");
    const fields = expand.length > 0 ? expand : Object.keys(all);
    const asked = Object.fromEntries(fields.map((field) => [field, all[field]]));
    sendJson(res, { _id: sha256Of(new TextEncoder().encode(id)).slice(0, 24), id, ...asked });
  }

  private sendTree(
    res: ServerResponse,
    id: string,
    revision: string,
    url: URL,
    token: string | null,
    host: string,
  ): void {
    this.checkStatus("api");
    this.checkKnown(id, token);
    const { files, model } = this.filesOf(id, revision);
    const entries = [...files].map(([path, bytes]) => {
      const oid = gitOidOf(bytes);
      const entry = { type: "file", oid, size: bytes.length, path };
      return isLarge(path)
        ? {
            ...entry,
            lfs: { oid: sha256Of(bytes), size: model.claims?.get(path) ?? bytes.length, pointerSize: 134 },
          }
        : entry;
    });
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const next = from + this.pageSize;
    if (next < entries.length) {
      url.searchParams.set("cursor", String(next));
      // The address that the client knows it by, which is another server's where that one passes requests on.
      res.setHeader("link", `<http://${host}${url.pathname}?${url.searchParams}>; rel="next"`);
    }
    sendJson(res, entries.slice(from, next));
  }

  private redirect(
    res: ServerResponse,
    id: string,
    revision: string,
    file: string,
    token: string | null,
  ): void {
    this.checkStatus(`${id}/${file}`);
    this.checkKnown(id, token);
    const { model, files, commit } = this.filesOf(id, revision);
    res.setHeader("x-repo-commit", commit);
    if (model.isGated && token !== TOKENS.member) {
      const restricted = `Access to model ${id} is restricted.`;
      if (token === null)
        throw new Refusal(401, "GatedRepo", `${restricted} You must have access to it and be authenticated.`);
      throw new Refusal(403, "GatedRepo", `${restricted} You are not in the authorized list.`);
    }
    const bytes = files.get(file);
    if (!bytes) throw new Refusal(404, "EntryNotFound", "Entry not found");
    res.setHeader("ratelimit", '"resolvers";r=2999;t=300');
    if (!isLarge(file)) {
      const etag = gitOidOf(bytes);
      res.writeHead(307, {
        location: `${this.prefix}/api/resolve-cache/models/${id}/${commit}/${file}?etag=%22${etag}%22`,
        etag: `"${etag}"`,
      });
      res.end();
      return;
    }
    const oid = sha256Of(bytes);
    const signed = new URLSearchParams({ Expires: "4102444800", Signature: "ok", "Key-Pair-Id": "K0" });
    res.writeHead(302, {
      location: `${this.prefix}/store/${id}/${oid}?${signed}`,
      "x-linked-size": String(bytes.length),
      "x-linked-etag": `"${oid}"`,
      "x-xet-hash": sha256Of(new TextEncoder().encode(oid)),
      etag: `"${oid}"`,
    });
    res.end();
  }

  /** The store: knows contents by their hash, asks for a signature and for no token. */
  private async sendStored(
    res: ServerResponse,
    id: string,
    oid: string,
    url: URL,
    range: string | undefined,
  ): Promise<void> {
    const model = this.models.get(id);
    const all = model ? [model.files, ...(model.branches?.values() ?? [])].flatMap((f) => [...f]) : [];
    const found = all.find(([, bytes]) => sha256Of(bytes) === oid);
    if (!found || !url.searchParams.has("Signature")) throw new Refusal(403, null, "Access denied");
    const headers = { "content-type": "application/octet-stream", etag: `"${oid.slice(0, 32)}"` };
    await sendBytes(res, found[1], range, headers, this.fileFaults(id, found[0]));
  }
}

function tokenOf(authorization: string | undefined): string | null {
  if (authorization === undefined) return null;
  const token = authorization.replace(/^Bearer /, "");
  if (!(Object.values(TOKENS) as string[]).includes(token))
    throw new Refusal(401, null, "Invalid credentials in Authorization header");
  return token;
}

function sendJson(res: ServerResponse, value: unknown): void {
  res.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  res.end(JSON.stringify(value));
}

function refuse(res: ServerResponse, thrown: unknown): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const refusal = thrown instanceof Refusal ? thrown : new Refusal(500, null, String(thrown));
  res.writeHead(refusal.status, {
    ...refusal.headers,
    "content-type": "application/json; charset=utf-8",
    "x-error-message": refusal.message,
    ...(refusal.errorCode === null ? {} : { "x-error-code": refusal.errorCode }),
  });
  res.end(JSON.stringify({ error: refusal.message }));
}
