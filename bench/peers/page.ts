/** The page that run.ts drives: puts the engines where a script from outside can call them. */
import { runDecoscope } from "./decoscope";
import { runOnnx } from "./onnxruntime";

const bench = { runDecoscope, runOnnx };
export type Bench = typeof bench;

declare global {
  interface Window {
    bench?: Bench;
  }
}
window.bench = bench;
