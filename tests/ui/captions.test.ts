/** The three sentences about the stage follow the shown moment. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Timeline } from "../../src/trace/timeline";
import { captionsOf } from "../../src/ui/captions";
import { methodsWithOwn } from "../../src/ui/captions/sentences";
import { methods } from "../../src/ui/definitions";
import { recordingOf } from "../../src/ui/showcase";
import { readTrace } from "../../src/ui/trace_file";
import { ROOT } from "../helpers/repository";
import { after } from "./moments";

describe("captions", () => {
  it("of a tree follow drafting, verifying and committing", () => {
    expect(captionsOf(after("draft", 1), 1).now).toBe(0);
    expect(captionsOf(after("verify", 1), 1).now).toBe(1);
    expect(captionsOf(after("commit", 1), 1).now).toBe(2);
    expect(captionsOf(after("commit", 1), -1).now).toBeNull();
  });

  it("of recurrent depth are each method's own, and follow what moves", () => {
    const first = (name: string) => {
      const timeline = new Timeline(readTrace(readFileSync(`${ROOT}/public/${recordingOf(name)}`)).events);
      const nows = timeline.events.map((_, i) => {
        const view = timeline.viewAt(i + 1);
        return captionsOf(view, view.rounds.length - 1).now;
      });
      return { lines: captionsOf(timeline.latest, timeline.stepCount - 1).lines, nows: new Set(nows) };
    };
    const all = ["recurrent", "self-speculation", "depth-wavefront", "mor"].map(first);
    expect(new Set(all.flatMap(({ lines }) => lines)).size).toBe(12);
    for (const { nows } of all) expect(nows).toEqual(new Set([null, 0, 1, 2]));
    expect(all[1]!.lines[0]).toContain("with 1 recurrence of");
    expect(all[2]!.lines[2]).toContain("frozen from the front");
    expect(all[3]!.lines[1]).toContain("the tick");
  });

  it("are those of the kind of run", () => {
    const at = (name: string, share: number) => {
      const { events } = readTrace(readFileSync(`${ROOT}/public/${recordingOf(name)}`));
      const timeline = new Timeline(events);
      const view = timeline.viewAt(timeline.momentAfterStep(Math.floor((timeline.stepCount - 1) * share)));
      return captionsOf(view, view.rounds.length - 1);
    };
    expect(at("low-confidence", 0.5)).toMatchObject({ now: 1 });
    expect(at("low-confidence", 1)).toMatchObject({ now: 2 });
    expect(at("low-confidence", 1).lines[0]).toContain("masks");
    // A method that masks again does not promise that the others stay, nor that a full canvas is the end.
    expect(at("remdm", 0.5).lines[1]).toContain("masks some of the committed ones again");
    expect(at("low-confidence", 0.5).lines[1]).toContain("stay masked");
    expect(at("autoregressive", 1).lines[0]).toContain("every next token");
    expect(at("jacobi", 0.5).lines[0]).toContain("no other model drafts");
  });

  const timelineOf = (name: string) =>
    new Timeline(readTrace(readFileSync(`${ROOT}/public/${recordingOf(name)}`)).events);

  it.each(methods.map((m) => m.id))(
    "of %s are known before the first step and do not change with it",
    (id) => {
      const timeline = timelineOf(id);
      const before = captionsOf(timeline.viewAt(1), -1);
      const after = captionsOf(timeline.latest, timeline.stepCount - 1);
      expect(before.lines).toEqual(after.lines);
      expect(after.now).toBe(2);
    },
  );

  it("name no method that is not there, and tell methods of a kind apart", () => {
    expect(methodsWithOwn.filter((id) => !methods.some((m) => m.id === id))).toEqual([]);
    const told = methodsWithOwn.map((id) => captionsOf(timelineOf(id).latest, 0).lines.join(" "));
    expect(new Set(told).size).toBe(told.length);
  });
});
