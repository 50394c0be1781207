import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DecoscopeError } from "../../../src/base/errors";
import { isMarkup, readReplay, REPLAY_FORMAT, writeReplay } from "../../../src/share/replay_file";
import { REPLAY_MARK } from "../../../src/share/replay_mark";
import { encodeTrace } from "../../../src/trace/codec";
import { TRACE_VERSION } from "../../../src/trace/events";
import { readTrace } from "../../../src/ui/trace_file";
import { sampleTrace } from "../../helpers/sample_trace";

const TEMPLATE = `<!doctype html>\n<body>${REPLAY_MARK}<script>1</script></body>\n`;
const SHOWN = { view: "tree", step: 2, home: "https://example.org/#v1.abc" };
const write = (trace: Uint8Array, shown = SHOWN): string => writeReplay(TEMPLATE, trace, shown);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function messageOf(html: string): string {
  try {
    readReplay(html);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(DecoscopeError);
    return (thrown as DecoscopeError).message;
  }
  throw new Error("expected an error, found a recording that could be read");
}

describe("a recording in an HTML file", () => {
  it("comes out as it went in, whatever its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (trace) => {
        expect(readReplay(write(trace))).toEqual(new Uint8Array(trace));
      }),
    );
  });

  it("is read where trace files are", () => {
    const events = sampleTrace(2);
    const html = write(gzipSync(encodeTrace(events)));
    expect(readTrace(bytesOf(html))).toEqual(readTrace(bytesOf(encodeTrace(events))));
  });

  const HOSTILE = [
    "</script>",
    "<!--",
    "-->",
    "<img src=x onerror=alert(1)>",
    '"',
    "&",
    "]]>",
    "\u2028",
    "\ufeff",
  ];
  const hostile = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string()), { maxLength: 8 });

  it("adds no markup but its own element, whatever the texts in the trace and the settings in the link", () => {
    fc.assert(
      fc.property(hostile, hostile, (texts, link) => {
        const html = write(bytesOf(texts.join("")), {
          ...SHOWN,
          view: link.join(""),
          home: `https://example.org/#${link.join("")}`,
        });
        const [before = "", after = ""] = TEMPLATE.split(REPLAY_MARK);
        expect(html.startsWith(before) && html.endsWith(after)).toBe(true);
        const added = html.slice(before.length, html.length - after.length);
        expect(added).toMatch(/^<script( [a-z-]+="[^"<>]*")+>\n[A-Za-z0-9+/=\n]*\n<\/script>$/);
      }),
    );
  });

  it.each(["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "not an address", ""])(
    "has no link home to %j",
    (home) => expect(write(bytesOf("x"), { ...SHOWN, home })).not.toContain("data-home"),
  );

  it("is not put into a page that has no place for it, or two", () => {
    for (const page of ["<p>", REPLAY_MARK + REPLAY_MARK])
      expect(() => writeReplay(page, bytesOf("x"), SHOWN)).toThrow("one place for a recording");
  });
});

describe("frozen files", () => {
  const dir = new URL("../../fixtures/replays/", import.meta.url);
  const files = readdirSync(dir);

  it("there are some of every format and of every version of traces", () => {
    for (let format = 1; format <= REPLAY_FORMAT; format++)
      expect(files.filter((name) => name.startsWith(`format${format}-`))).not.toEqual([]);
    for (let version = 1; version <= TRACE_VERSION; version++)
      expect(files.filter((name) => name.endsWith(`-trace${version}.html`))).not.toEqual([]);
  });

  it("the first one holds the run it was made of", () => {
    const { events, warnings } = readTrace(readFileSync(new URL("format1-trace1.html", dir)));
    expect(warnings).toEqual([]);
    expect(events).toHaveLength(418);
    expect(events.at(-1)).toMatchObject({ kind: "run_end", hash: "308c93d6" });
  });
});

describe("files that are none", () => {
  it("says so of other web pages", () =>
    expect(messageOf("<!doctype html><p>Hello")).toContain("none that Decoscope saved"));

  it("says so of files that lost their end", () => {
    const html = write(gzipSync("x".repeat(5000)));
    expect(messageOf(html.slice(0, html.indexOf("</script>")))).toContain("breaks off");
  });

  it("says so of newer ones", () =>
    expect(messageOf(write(bytesOf("x")).replace('data-format="1"', 'data-format="2"'))).toContain(
      "newer Decoscope",
    ));

  it("says so of damaged ones", () => {
    const html = write(bytesOf("a trace"));
    expect(messageOf(html.replace(/(<script type[^>]*>\n)/, "$1{}"))).toContain("damaged");
    const cut = write(gzipSync("x".repeat(5000)));
    expect(() => readTrace(bytesOf(cut.replace(/\n<\/script>/, "AAAA\n</script>")))).toThrow(DecoscopeError);
  });

  it("tells markup from traces", () => {
    for (const text of ["<!doctype html>", "\ufeff\n <html>"])
      expect(isMarkup(bytesOf(text)), text).toBe(true);
    for (const bytes of [bytesOf('{"kind":"run_start"}'), bytesOf(""), gzipSync("<html>")])
      expect(isMarkup(bytes)).toBe(false);
  });
});
