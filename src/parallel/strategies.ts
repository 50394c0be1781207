/** What is compared on the tasks. Canvases have 8 positions, squares 16. */

/** A denoising method with settings; what is not said is the method's default. */
export interface Strategy {
  /** What code knows it by. */
  readonly id: string;
  readonly label: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, number | boolean | string>>;
  /** 0 takes the most probable tokens. */
  readonly temperature?: number;
}

type Settings = NonNullable<Strategy["params"]>;

/** Tokens per step of the fixed plans. */
export const PARALLEL = [1, 2, 4, 8] as const;

const fixed = (id: string, label: string, method: string, params: Settings = {}, temperature = 0) =>
  PARALLEL.map((tokensPerStep): Strategy & { tokensPerStep: number } => ({
    id: `${id}-${tokensPerStep}`,
    label: `${label}, ${tokensPerStep} a step`,
    method,
    params: { ...params, tokensPerStep },
    temperature,
    tokensPerStep,
  }));

/** The plans that the curves over parallelism show. */
export const curves = {
  confidence: fixed("confidence", "low confidence", "low-confidence"),
  random: fixed("random", "random order", "random-order"),
  /** What the bound speaks of: the law of the model itself. */
  sampled: fixed("sampled", "random order, sampled", "random-order", {}, 1),
} as const;

/** One token a step: what every other strategy is compared with. */
export const BASELINE = curves.confidence[0]!;

/** Strategies of one method. */
const of =
  (method: string, temperature = 0) =>
  (id: string, label: string, params: Settings = {}): Strategy => ({
    id,
    label,
    method,
    params,
    temperature,
  });
const combined = of("combined-denoising");
const sure = of("fast-dllm");
const prophet = of("prophet");
const ending = of("eoser-ass");
const guided = of("guided-diffusion");
const dkv = of("dkv-cache");

export const adaptive: readonly Strategy[] = [
  combined("margin-2", "margin, 2 a step", { order: "margin", tokensPerStep: 2 }),
  sure("threshold-0.9", "threshold 0.9", { threshold: 0.9 }),
  sure("threshold-0.7", "threshold 0.7", { threshold: 0.7 }),
  sure("threshold-0.5", "threshold 0.5", { threshold: 0.5 }),
  sure("factor-1", "factor 1", { rule: "factor", factor: 1 }),
  sure("entropy-0.1", "entropy bound 0.1", { rule: "entropy", entropyBound: 0.1 }),
  prophet("prophet", "Prophet, mean, bars of the paper"),
  prophet("prophet-least", "Prophet, smallest gap, bar 2", {
    aggregate: "min",
    ...{ firstBar: 2, secondBar: 2, thirdBar: 2 },
  }),
  ending("ass", "ASS", { leastGamma: 1 }),
  ending("ass-eoser", "ASS and EOSER 0.01", { leastGamma: 0.01 }),
  ending("eoser", "EOSER 0.4, 1 a step", { counts: "even", leastGamma: 0.4 }),
  guided("guided-two", "guided, two best, half as likely", { rule: "topk_relative" }),
  guided("guided-own", "guided, own choice", { rule: "deterministic" }),
  of("radd", 1)("radd-16", "RADD, 16 steps, sampled", { steps: 16 }),
  of("remdm", 1)("remdm-32", "ReMDM, 32 steps, sampled", { steps: 32 }),
];

export const caches: readonly Strategy[] = [
  dkv("decode-8", "dKV Decode, N = 8", { refreshEvery: 8 }),
  dkv("decode-never", "dKV Decode, never refreshed", { refreshEvery: 0 }),
  dkv("decode-4-live", "dKV Decode, N = 4, prompt recomputed", { refreshEvery: 4, prompt: "live" }),
  dkv("pd-8", "dKV-PD, N = 8", { refreshEvery: 8, prompt: "once" }),
  dkv("pd-2", "dKV-PD, N = 2", { refreshEvery: 2, prompt: "once" }),
  dkv("prefill", "dKV Prefill", { variant: "prefill" }),
  dkv("greedy-2-8", "dKV Greedy, window 2, N = 8", { variant: "greedy", refreshEvery: 8, window: 2 }),
  dkv("greedy-4-2", "dKV Greedy, window 4, N = 2", { variant: "greedy", refreshEvery: 2, window: 4 }),
  dkv("no-delay", "without delay, never refreshed", { variant: "no_delay", refreshEvery: 0 }),
  combined("blocks", "blocks of 4", { blockLength: 4 }),
  combined("blocks-prefix", "blocks of 4, prefix cache", { blockLength: 4, cache: "prefix" }),
  combined("blocks-dual", "blocks of 4, dual cache", { blockLength: 4, cache: "dual" }),
];

const bars = { early: "min", firstBar: 2, secondBar: 2, thirdBar: 2 };
const delayed = { cache: "delayed" };
const withThreshold = { ...delayed, rule: "threshold" };
export const combinations: readonly Strategy[] = [
  combined("dkv-threshold", "dKV + threshold", withThreshold),
  combined("dkv-prophet", "dKV + Prophet", { ...delayed, ...bars }),
  combined("dkv-threshold-prophet", "dKV + threshold + Prophet", { ...withThreshold, ...bars }),
  combined("dkv-all", "dKV + threshold + Prophet + EOSER", { ...withThreshold, ...bars, leastGamma: 0.4 }),
];

/** Every strategy, each once; what everything is compared with comes first. */
export const allStrategies: readonly Strategy[] = [
  ...curves.confidence,
  ...curves.sampled,
  ...curves.random,
  ...adaptive,
  ...caches,
  ...combinations,
];

/** @throws Error for an id that no strategy has */
export function strategyOf(id: string): Strategy {
  const found = allStrategies.find((s) => s.id === id);
  if (!found) throw new Error(`there is no strategy ${id}`);
  return found;
}
const named = (...ids: string[]): Strategy[] => ids.map(strategyOf);

/** A few of each kind. */
export const quickStrategies: readonly Strategy[] = [
  ...curves.confidence,
  ...curves.sampled,
  ...named("threshold-0.9", "prophet", "prophet-least", "guided-own", "radd-16"),
  ...named("decode-8", "greedy-2-8", "no-delay"),
];
/** What the page asks for unless something else is chosen. */
export const firstStrategies: readonly Strategy[] = [
  ...curves.confidence,
  ...named("threshold-0.9", "prophet-least", "decode-8"),
];
/** What a model whose prompt rows see the canvas is asked for, too: the stored prompt is where the two kinds differ. */
export const promptStrategies: readonly Strategy[] = [
  BASELINE,
  ...named("decode-never", "decode-4-live", "pd-2", "no-delay", "blocks", "blocks-prefix", "blocks-dual"),
];
/** Squares cost as much as several lists: only plans and thresholds are tried on them. */
export const isForSquares = ({ id, method }: Strategy): boolean =>
  method === "low-confidence" || method === "random-order" || id.startsWith("threshold-");
