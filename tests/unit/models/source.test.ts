import { createServer, type ServerResponse } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchSource, MissingFileError } from "../../../src/models/source";
import { directorySource } from "../../../src/models/source_node";

const body = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
/** Not toEqual: it would take minutes to print how two large arrays differ. */
const isBody = (bytes: Uint8Array): boolean => Buffer.compare(bytes, body) === 0;
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

/** What the test server does at each path. */
const routes: Record<string, (response: ServerResponse) => void> = {
  "/m/good": (r) => r.writeHead(200, { "content-length": body.length }).end(body),
  "/m/chunked": (r) => {
    r.writeHead(200);
    r.write(body.subarray(0, 100_000));
    r.end(body.subarray(100_000));
  },
  "/m/page": (r) => r.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html>"),
  "/m/broken": (r) => r.writeHead(500).end("no"),
  "/m/cut": (r) => {
    r.writeHead(200, { "content-length": body.length });
    r.write(body.subarray(0, 1000), () => r.destroy());
  },
  "/m/stalled": (r) => {
    r.writeHead(200, { "content-length": body.length });
    r.write(body.subarray(0, 1000));
  },
};
const server = createServer((request, response) => {
  const route = routes[request.url ?? ""];
  if (route) route(response);
  else response.writeHead(404).end();
});
let base = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe("fetchSource", () => {
  it.each(["good", "chunked"])("reads a file whole (%s) and reports its bytes", async (name) => {
    const progress: [number, number | null][] = [];
    const onProgress = (loaded: number, total: number | null) => progress.push([loaded, total]);
    expect(isBody(await fetchSource("m", base).read(name, { onProgress }))).toBe(true);
    const total = name === "good" ? body.length : null;
    expect(progress[0]).toEqual([0, total]);
    expect(progress.at(-1)).toEqual([body.length, total]);
    expect(progress).toEqual([...progress].sort((a, b) => a[0] - b[0]));
  });

  it("says that a file is missing on status 404 and when a web page comes instead", async () => {
    for (const name of ["none", "page"]) {
      const reading = fetchSource("m", base).read(name);
      await expect(reading).rejects.toBeInstanceOf(MissingFileError);
      await expect(reading).rejects.toThrow(
        error("load", new RegExp(`Expected a .*file at http.*/m/${name}, found`)),
      );
    }
  });

  it.each([
    ["broken", /answered with HTTP status 500/],
    ["cut", /Could not download .*\/m\/cut .*Check the connection/],
  ])("fails on %s with a typed error that is not about a missing file", async (name, message) => {
    const thrown: unknown = await fetchSource("m", base)
      .read(name)
      .catch((e: unknown) => e);
    expect(thrown).toEqual(error("load", message));
    expect(thrown).not.toBeInstanceOf(MissingFileError);
  });

  it.each([
    ["good", body.length + 1, /Expected 300001 bytes from .*, found 300000/],
    ["good", body.length - 1, /Expected 299999 bytes from .*, found more/],
    ["chunked", body.length + 1, /found 300000/],
    ["chunked", 7, /found more/],
  ])("compares the length of %s with the known one, %i", async (name, sizeBytes, message) => {
    await expect(fetchSource("m", base, [{ name, sizeBytes }]).read(name)).rejects.toThrow(
      error("load", message),
    );
  });

  it("refuses a length that no tab can hold", async () => {
    const source = fetchSource("m", base, [{ name: "good", sizeBytes: 2 ** 52 }]);
    await expect(source.read("good")).rejects.toThrow(error("limit", /4503599627370496 bytes, more than/));
  });

  it("reports a host that cannot be reached", async () => {
    await expect(fetchSource("m", "http://127.0.0.1:1").read("x")).rejects.toThrow(
      error("load", /Could not download/),
    );
  });

  it("stops at once when cancelled, before and while a file arrives", async () => {
    const early = fetchSource("m", base).read("good", { signal: AbortSignal.abort() });
    await expect(early).rejects.toThrow(error("cancelled", /cancelled/));
    const controller = new AbortController();
    const onProgress = (loaded: number) => {
      if (loaded > 0) controller.abort();
    };
    const late = fetchSource("m", base).read("stalled", { signal: controller.signal, onProgress });
    await expect(late).rejects.toThrow(error("cancelled", /cancelled/));
  });

  it("lists files only if it was told which there are", async () => {
    const files = [{ name: "good", sizeBytes: 3 }];
    expect("list" in fetchSource("m", base)).toBe(false);
    expect(await fetchSource("m", base, files).list?.()).toEqual(files);
  });
});

describe("directorySource", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "decoscope-"));
    await writeFile(join(directory, "weights"), body);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("lists and reads files", async () => {
    const source = directorySource(directory, "m");
    expect(await source.list?.()).toEqual([{ name: "weights", sizeBytes: body.length }]);
    expect(isBody(await source.read("weights"))).toBe(true);
    expect(directorySource("/some/where/").id).toBe("where");
  });

  it("fails with typed errors", async () => {
    const source = directorySource(directory);
    await expect(source.read("none")).rejects.toBeInstanceOf(MissingFileError);
    await expect(source.read(".")).rejects.toThrow(error("load", /Could not read/));
    await expect(directorySource(join(directory, "none")).list?.()).rejects.toBeInstanceOf(MissingFileError);
    const reading = source.read("weights", { signal: AbortSignal.abort() });
    await expect(reading).rejects.toThrow(error("cancelled", /cancelled/));
  });
});
