/** The page that run.ts drives: puts the engines where a script from outside can call them. */
import { type OpenDecoscope, openDecoscope, runDecoscope } from "./decoscope";
import { runOnnx, tellPlacements } from "./onnxruntime";
import { measureReadFloor } from "./read_floor";

const bench = { measureReadFloor, openDecoscope, runDecoscope, runOnnx, tellPlacements };
export type Bench = typeof bench;

declare global {
  interface Window {
    bench?: Bench;
    /** Between the calls of a script that measures from outside. */
    decoscope?: OpenDecoscope;
  }
}
window.bench = bench;
