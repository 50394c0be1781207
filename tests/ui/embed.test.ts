import { describe, expect, it } from "vitest";
import { embedAddress, readEmbed, wholeAddress } from "../../src/ui/embed/options";
import { snippetOf } from "../../src/ui/sharing/EmbedSnippet";
import { tooLongFor } from "../../src/ui/sharing/link_length";

const LINK = "https://example.org/scope/?hub=%2Fhub#v1.abc.def";

describe("embedding", () => {
  it("is asked for by the address, or forced by a foreign frame", () => {
    expect(readEmbed("", false)).toBeNull();
    expect(readEmbed("?theme=dark", false)).toBeNull();
    expect(readEmbed("?embed", false)).toEqual({ theme: "system" });
    expect(readEmbed("?embed&theme=dark", false)).toEqual({ theme: "dark" });
    expect(readEmbed("?theme=purple", true)).toEqual({ theme: "system" });
  });

  it("has an address of its own that leads back to the whole page", () => {
    for (const theme of ["system", "light", "dark"] as const) {
      const embedded = embedAddress(LINK, theme);
      expect(readEmbed(new URL(embedded).search, false)).toEqual({ theme });
      expect(wholeAddress(embedded)).toBe(LINK);
      expect(embedAddress(embedded, theme)).toBe(embedded);
    }
    expect(embedAddress("https://example.org/#v1.abc", "system")).toBe("https://example.org/?embed#v1.abc");
  });

  it("is one element of HTML, whatever the address", () => {
    const html = snippetOf('https://example.org/?a="><script>#v1.abc', { width: 480, height: 480 }, "dark");
    expect(html).toMatch(/^<iframe( [a-z]+="[^"<>]*")+><\/iframe>$/);
    expect(html).toContain("embed&amp;theme=dark#v1.abc");
  });
});

it("links are too long for what publishes a smaller limit", () => {
  expect(tooLongFor(600)).toEqual({ messages: [], browsers: [] });
  expect(tooLongFor(5000).messages).toEqual(["a message on Discord", "one on Telegram"]);
  expect(tooLongFor(3_000_000).browsers).toEqual(["Firefox", "Chrome and Edge"]);
});
