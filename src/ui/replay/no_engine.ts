/**
 * What stands in the place of ui/engine.ts in a file that replays one recording: there is no worker, no model and no device, and
 * no button that would ask for one. Of what the stage calls, only the report of trouble does anything.
 */
import { toErrorRecord } from "../../base/errors";
import type * as engine from "../engine";
import { useEngine } from "../stores/engine";

const nothing = (): void => undefined;
const never = (): Promise<void> => Promise.resolve();

export const cancel: typeof engine.cancel = nothing;
export const pause: typeof engine.pause = nothing;
export const resume: typeof engine.resume = nothing;
export const step: typeof engine.step = nothing;
export const restart: typeof engine.restart = never;
export const runBranch: typeof engine.runBranch = never;
export const measureCosts: typeof engine.measureCosts = never;
export const returnTo: typeof engine.returnTo = nothing;
export const undoBranch: typeof engine.undoBranch = nothing;
export const forget: typeof engine.forget = nothing;
export const report: typeof engine.report = (thrown) =>
  useEngine.setState({ error: toErrorRecord(thrown, "load") });
