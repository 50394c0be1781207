/** The settings at which methods show their point, the runs recorded with them, and the pictures drawn from those. */
import { readFileSync } from "node:fs";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { readParams } from "../../src/base/params";
import { checkTrace } from "../../src/trace/grammar";
import { foldEvents } from "../../src/trace/fold";
import { draftOf, fits, methods, modelOf, runSchema, samplerSchema } from "../../src/ui/definitions";
import { CardPicture } from "../../src/ui/gallery/CardPicture";
import { parseRecording } from "../../src/ui/recordings";
import { recordingOf, showcaseSettings } from "../../src/ui/showcase";
import { readTrace } from "../../src/ui/trace_file";
import { filesUnder, ROOT } from "../helpers/repository";

const recorded = (name: string) => readTrace(readFileSync(`${ROOT}/public/${recordingOf(name)}`));
const names = filesUnder("public/recordings", /\.jsonl$/).map((path) => /([\w-]+)\.jsonl$/.exec(path)![1]!);
const known = methods.filter((m) => names.includes(m.id));

describe("the showcase of a method", () => {
  it.each(methods.map((m) => [m.id, m] as const))("%s can be run as it is", (_, method) => {
    const settings = showcaseSettings(method);
    expect(readParams(method.params, { ...method.showcase?.params }).issues).toEqual([]);
    expect(readParams(samplerSchema, { ...settings.sampler }).issues).toEqual([]);
    const { seed, maxNewTokens } = settings;
    expect(readParams(runSchema, { seed, maxNewTokens }).issues).toEqual([]);
    expect(fits(method, settings.model), `${settings.model} cannot run it`).toBe(true);
    const drafts = method.requires.includes("+") ? draftOf(settings.model)!.id : null;
    expect(settings.draft).toBe(method.depths ? settings.model : drafts);
    // Two characters a token is fewer than any bundled tokenizer needs.
    expect(settings.prompt.length).toBeGreaterThan(0);
    expect(settings.prompt.length / 2 + maxNewTokens).toBeLessThan(modelOf(settings.model)!.contextLength);
    if (method.showcase) expect(method.showcase.watch).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe("recordings", () => {
  it("are listed", () => {
    const index: unknown = JSON.parse(readFileSync(`${ROOT}/public/recordings/index.json`, "utf8"));
    expect(index).toEqual({ recordings: names });
  });

  it("belong to methods there are", () => {
    const strays = names.filter((name) => name !== "first-run" && !methods.some((m) => m.id === name));
    expect(strays).toEqual([]);
  });

  it.each(known.map((m) => [m.id, m] as const))(
    "%s was recorded at its showcase; npm run record brings it up to date",
    (id, method) => {
      const { events, warnings } = recorded(id);
      expect(warnings).toEqual([]);
      // The page reads its own recordings without these checks.
      expect(parseRecording(readFileSync(`${ROOT}/public/${recordingOf(id)}`))).toEqual(events);
      expect(checkTrace(events)).toBeNull();
      const { start, status } = foldEvents(events);
      const { model, draft, params, sampler, prompt, seed, maxNewTokens } = showcaseSettings(method);
      expect(start).toMatchObject({ method: id, model, draft, params, sampler, prompt, seed, maxNewTokens });
      expect(status).toMatchObject({ state: "ended", error: null });
    },
  );
});

describe("pictures of cards", () => {
  it.each(known.map((m) => m.id))("%s is drawn from its recording", (id) => {
    const size = { width: 320, height: 120 };
    const html = renderToStaticMarkup(<CardPicture view={foldEvents(recorded(id).events)} size={size} />);
    expect(html).toMatch(/^<svg[^>]*role="img"[^>]*aria-label="[^"]{8,}"/);
    expect(html.match(/<(path|rect) /g)?.length ?? 0).toBeGreaterThan(2);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
