/** The three sentences about the stage follow the shown moment. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Timeline } from "../../src/trace/timeline";
import { captionsOf } from "../../src/ui/captions";
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
    expect(at("jacobi", 0.5).lines[0]).toContain("without a second model");
  });
});
