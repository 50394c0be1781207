/** The line above the stage says what somebody has to know who compares two runs. */
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";
import { Caption } from "../../src/ui/panels/Caption";
import { beginRun } from "../../src/ui/stores/run";
import { sampleTrace } from "../helpers/sample_trace";

// What is drawn without a browser is drawn from the stores as they are, not as they began.
vi.mock("zustand", () => import("../../src/ui/first_paint/store"));

it("the caption names models that are not kept in f32, and nothing of the others", () => {
  const events = sampleTrace(1);
  beginRun({ kind: "recorded" }, events);
  expect(renderToStaticMarkup(<Caption />)).not.toContain("keys and values");
  const kept = [{ model: "story-draft", storage: "int4", cacheStorage: "f32" }];
  beginRun(
    { kind: "live" },
    events.map((e) => (e.kind === "run_start" ? { ...e, kept } : e)),
  );
  expect(renderToStaticMarkup(<Caption />)).toMatch(/in int4, keys and values in f32/);
});
