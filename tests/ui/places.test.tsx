/** Addresses, places, families of methods and the gallery's filter. */
import { describe, expect, it } from "vitest";
import { methods, methodOf, models } from "../../src/ui/definitions";
import { NO_FILTER, passes, type Filter } from "../../src/ui/gallery/filter";
import { needsOf, promiseOf } from "../../src/ui/gallery/words";
import { groupsOf, pillarOf } from "../../src/ui/pillars";
import { placeIds } from "../../src/ui/places/index";
import { HOME, hrefOf, readFragment } from "../../src/ui/routes";

describe("addresses", () => {
  const read = (fragment: string) => readFragment(fragment, placeIds);
  it("of places lead back to them", () => {
    for (const place of placeIds) {
      expect(read(hrefOf(place))).toEqual({ kind: "place", route: { place, item: null } });
      expect(read(hrefOf(place, "rsd-s"))).toEqual({ kind: "place", route: { place, item: "rsd-s" } });
    }
  });

  it("nothing is the playground", () => {
    for (const empty of ["", "#"]) expect(read(empty)).toMatchObject({ route: { place: HOME } });
  });

  it("of runs are left to links", () => {
    for (const link of ["#v1.abc", "v1.abc.def", "#v9999.abc", "#%20v1.abc", "#hello.world"])
      expect(read(link)).toEqual({ kind: "link" });
  });

  it("of places there are not are known as such", () => {
    expect(read("#galery")).toEqual({ kind: "unknown", name: "galery" });
    expect(read("#GALLERY")).toMatchObject({ route: { place: "gallery" } });
  });
});

describe("families", () => {
  it("hold every method once", () => {
    const grouped = groupsOf().flatMap((g) => g.methods.map((m) => m.id));
    expect([...grouped].sort()).toEqual(methods.map((m) => m.id).sort());
  });

  it("are what one expects", () => {
    expect(pillarOf(methodOf("autoregressive")!).id).toBe("plain");
    expect(pillarOf(methodOf("rsd-s")!).id).toBe("drafts");
    expect(pillarOf(methodOf("prophet")!).id).toBe("denoising");
  });
});

describe("the gallery's filter", () => {
  const found = (change: Partial<Filter>): string[] =>
    methods.filter((m) => passes(m, { ...NO_FILTER, ...change })).map((m) => m.id);

  it("lets everything pass at first", () => expect(found({})).toEqual(methods.map((m) => m.id)));

  it("finds by name, title of the paper and author, in any case and order", () => {
    expect(found({ words: "Prophet" })).toEqual(["prophet"]);
    expect(found({ words: "know the answer before decoding" })).toEqual(["prophet"]);
    expect(found({ words: "vosoughi" })).toEqual(["prophet"]);
    expect(found({ words: "2024 jeon" })).toEqual(["rsd-c", "rsd-s"]);
    expect(found({ words: "no such words" })).toEqual([]);
  });

  it("by family, property and model", () => {
    for (const id of found({ pillar: "denoising" })) expect(methodOf(id)?.requires).toMatch(/^masked/);
    expect(found({ properties: ["exact"] })).toEqual(methods.filter((m) => m.lossless).map((m) => m.id));
    for (const id of found({ properties: ["alone"] })) expect(methodOf(id)?.requires).not.toContain("+");
    const draftless = models.find((m) => m.kind === "causal" && m.draft === null)!;
    expect(found({ model: draftless.id })).toContain("autoregressive");
    expect(found({ model: draftless.id })).not.toContain("rsd-s");
    expect(found({ pillar: "denoising", properties: ["exact"] })).toEqual([]);
  });

  it("says of every method what it needs and promises", () => {
    for (const m of methods) {
      expect(needsOf(m), m.id).toMatch(/^A /);
      expect(promiseOf(m).startsWith("Exact"), m.id).toBe(m.lossless);
    }
  });
});
