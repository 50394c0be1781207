/** The account of the GPU's memory on the page: lines become sums that lose nothing, and figures say what bars draw. */
import fc from "fast-check";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { MEMORY_USES, type MemoryLine } from "../../src/engine/memory";
import { MemoryEntries } from "../../src/ui/memory/MemoryPanel";
import { heldBy, heldByModels, USES } from "../../src/ui/memory/sums";

const line = (
  use: MemoryLine["use"],
  model: string | null,
  storage: string | null,
  bytes: number,
): MemoryLine => ({ use, model, storage, bytes });

const LINES = [
  line("scratch", null, null, 1104),
  line("weights", "story-target", "f32", 66_048),
  line("weights", "story-target", "int8", 1_331_712),
  line("cache", "story-target", "int8", 230_400),
  line("weights", "./<b>", "int4", 96),
];

describe("sums", () => {
  it("every use of memory has a place", () => expect(new Set(USES)).toEqual(new Set(MEMORY_USES)));

  it("models stand in the order they came, what they share comes last, storages by size", () => {
    expect(heldByModels(LINES).map(({ model, bytes }) => [model, bytes])).toEqual([
      ["story-target", 1_628_160],
      ["./<b>", 96],
      [null, 1104],
    ]);
    expect(heldBy(LINES).uses[0]).toEqual({
      use: "weights",
      bytes: 1_397_856,
      storages: [
        { storage: "int8", bytes: 1_331_712 },
        { storage: "f32", bytes: 66_048 },
        { storage: "int4", bytes: 96 },
      ],
    });
  });

  it("lose no byte, whatever the lines", () => {
    const lines = fc.array(
      fc.record({
        use: fc.constantFrom(...MEMORY_USES),
        model: fc.constantFrom("a", "b", null),
        storage: fc.constantFrom("f32", "int8", null),
        bytes: fc.integer({ min: 16, max: 2 ** 40 }),
      }),
    );
    fc.assert(
      fc.property(lines, (of) => {
        const total = of.reduce((sum, { bytes }) => sum + bytes, 0);
        const all = heldBy(of);
        expect(all.bytes).toBe(total);
        expect(all.uses.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total);
        expect(heldByModels(of).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total);
      }),
    );
  });
});

describe("the panel", () => {
  const html = renderToStaticMarkup(
    <MemoryEntries
      report={{ liveBytes: 1_629_360, peakBytes: 1_629_360, byOwner: [], live: LINES, peak: LINES }}
    />,
  );

  it("says bytes, by use and storage type, and all of it", () => {
    const text = html.replace(/<[^>]*>/g, "");
    expect(text).toContain("1,628,160 bytes");
    expect(text).toContain("weights 1.4 MB int8 1.3 MB, f32 66 kB");
    expect(text).toContain("cache 230 kB int8");
    expect(text).toContain("All of it, now 1.6 MB 1,629,360 bytes");
  });

  it("a model's name stays text", () => expect(html).not.toContain("<b>"));
});
