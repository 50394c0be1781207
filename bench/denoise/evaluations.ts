/** RADD: passes that the model made beside what the formula expects. */
import { expectedEvaluations, evaluationsDeviation } from "../../src/decoding/canvas/radd_rates";
import { GpuCanvasSession } from "../../src/runtime/canvas_session";
import type { EngineHost } from "../../src/worker/host";
import type { Checked } from "../../src/parallel/checked";
import { mean, type Estimate } from "../../src/parallel/statistics";
import { decode } from "../../src/worker/solve";

/** Positions to fill in. */
export const POSITIONS = 16;
export const STEPS = [4, 8, 16, 32, 64, 256] as const;

export interface Evaluations {
  readonly steps: number;
  readonly measured: Estimate;
  readonly expected: number;
}

/** @param runs of each number of steps */
export async function measureEvaluations(
  host: EngineHost,
  modelId: string,
  runs: number,
): Promise<Evaluations[]> {
  const model = await host.model(modelId);
  const prompt = [0];
  const session = await GpuCanvasSession.open(host.engine, {
    model: model.gpu,
    guider: null,
    seed: 1,
    length: prompt.length + POSITIONS,
    tuning: host.tuning,
    profiler: null,
  });
  // A text that ends early needs fewer passes: what stands behind the end is filled up without any.
  const open = Object.create(session, {
    model: { value: { ...session.model, endTokens: [] } },
  }) as GpuCanvasSession;
  const found: Evaluations[] = [];
  for (const steps of STEPS) {
    const passes: number[] = [];
    const strategy = { id: "radd", label: "RADD", method: "radd", params: { steps }, temperature: 1 };
    for (let seed = 0; seed < runs; seed++)
      passes.push((await decode(open, strategy, { prompt, length: POSITIONS, seed })).passes);
    found.push({ steps, measured: mean(passes), expected: expectedEvaluations(steps, POSITIONS) });
  }
  session.dispose();
  return found;
}

export const evaluationsChart = (found: readonly Evaluations[], runs: number) => ({
  title: "RADD: passes and steps",
  shows: `A step that commits nothing needs no pass, so passes end at one for each of ${POSITIONS} positions. Points: mean of ${runs} runs with its 95 % interval; dashed: the formula.`,
  mark: "points" as const,
  x: { label: "Steps", scale: "log" as const },
  y: { label: "Forward passes" },
  series: [
    {
      label: "measured",
      points: found.map(({ steps, measured: { value, low, high } }) => ({ x: steps, y: value, low, high })),
    },
  ],
  references: [
    {
      kind: "curve" as const,
      label: "sum of 1 - (1 - a)^16 over the steps",
      points: found.map(({ steps, expected }) => ({ x: steps, y: expected })),
    },
  ],
});

export function evaluationsNote(found: readonly Evaluations[]): { method: string; text: string } {
  const shown = found.map(
    ({ steps, measured, expected }) => `${steps}: ${measured.value.toFixed(2)} (${expected.toFixed(2)})`,
  );
  return {
    method: "radd",
    text: `Passes for ${POSITIONS} positions by number of steps, measured (expected): ${shown.join(", ")}.`,
  };
}

/** Standard errors that the mean of so many runs may be away from the formula. */
const ERRORS = 4;

/** RADD's passes against the formula, whose spread is known as well, and that steps which need none are saved. */
export function checkEvaluations(found: readonly Evaluations[], runs: number): Checked[] {
  const shared = { method: "radd", kind: "claim" as const, unit: "passes" };
  return found.map(({ steps, measured, expected }) => ({
    ...shared,
    says: "RADD's passes are those of the formula",
    left: `${steps} steps, ${POSITIONS} positions, ${runs} runs`,
    right: `the formula's ${expected.toFixed(2)}`,
    of: "difference in passes",
    value: {
      ...measured,
      value: measured.value - expected,
      low: measured.low - expected,
      high: measured.high - expected,
    },
    limit: {
      side: "at",
      value: 0,
      within: (ERRORS * evaluationsDeviation(steps, POSITIONS)) / Math.sqrt(runs),
    },
  }));
}
