/** Runs of denoising methods that tests of drawings look at. */
import { readFileSync } from "node:fs";
import { decodeTrace } from "../../src/trace/codec";
import { Timeline } from "../../src/trace/timeline";
import { sampleCanvas } from "../helpers/sample_canvas";

/** A stored run for stored pictures, which are not to change with the methods: delayed cache, 14 positions. */
export const storedRun = new Timeline(
  decodeTrace(readFileSync(new URL("./pictures/canvas_run.jsonl", import.meta.url))).events,
);

/** Blocks, a bar of Prophet's that is passed in the end, and dual caches. */
export const prophetRun = new Timeline(
  await sampleCanvas({ method: "prophet", params: { blockLength: 8, cache: "dual", thirdBar: 1 } }),
);
/** Rows left out and refreshed. */
export const cachedRun = new Timeline(
  await sampleCanvas({ method: "dkv-cache", params: { refreshEvery: 6 } }),
);
/** A second model that judges. */
export const guidedRun = new Timeline(await sampleCanvas({ method: "guided-diffusion" }));
/** Steps without a pass. */
export const raddRun = new Timeline(await sampleCanvas({ method: "radd" }));
/** An end of the text in the midst of the canvas. */
export const endedRun = new Timeline(await sampleCanvas({ method: "low-confidence", endTokens: [4, 10] }));

/** Gaps between given tokens, one of them forced, as a branch has them. */
export const gapsRun = new Timeline(
  await sampleCanvas({
    method: "low-confidence",
    begin: { step: 2, tokens: [null, 6, 7, null, null, 8, null, 9], forced: [5] },
  }),
);

export const canvasRuns = { prophetRun, cachedRun, guidedRun, raddRun, endedRun };

/** A step in the middle. */
export const middle = (timeline: Timeline): number => Math.floor(timeline.latest.rounds.length / 2);
