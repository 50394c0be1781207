/** What is compared on the tasks. Canvases have 8 positions, squares 16. */

/** A denoising method with settings; what is not said is the method's default. */
export interface Strategy {
  readonly label: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, number | boolean | string>>;
  /** 0 takes the most probable tokens. */
  readonly temperature?: number;
}

type Settings = NonNullable<Strategy["params"]>;

/** Tokens per step of the fixed plans. */
export const PARALLEL = [1, 2, 4, 8] as const;

const fixed = (label: string, method: string, params: Settings = {}, temperature = 0) =>
  PARALLEL.map((tokensPerStep): Strategy & { tokensPerStep: number } => ({
    label: `${label}, ${tokensPerStep} a step`,
    method,
    params: { ...params, tokensPerStep },
    temperature,
    tokensPerStep,
  }));

/** The plans that the curves over parallelism show. */
export const curves = {
  confidence: fixed("low confidence", "low-confidence"),
  random: fixed("random order", "random-order"),
  /** What the bound speaks of: the law of the model itself. */
  sampled: fixed("random order, sampled", "random-order", {}, 1),
} as const;

/** One token a step: what every other strategy is compared with. */
export const BASELINE = curves.confidence[0]!;

const combined = (label: string, params: Settings): Strategy => ({
  label,
  method: "combined-denoising",
  params,
});
const dkv = (label: string, params: Settings): Strategy => ({ label, method: "dkv-cache", params });

export const adaptive: readonly Strategy[] = [
  {
    label: "margin, 2 a step",
    method: "combined-denoising",
    params: { order: "margin", tokensPerStep: 2 },
  },
  { label: "threshold 0.9", method: "fast-dllm", params: { threshold: 0.9 } },
  { label: "threshold 0.7", method: "fast-dllm", params: { threshold: 0.7 } },
  { label: "threshold 0.5", method: "fast-dllm", params: { threshold: 0.5 } },
  { label: "factor 1", method: "fast-dllm", params: { rule: "factor", factor: 1 } },
  { label: "entropy bound 0.1", method: "fast-dllm", params: { rule: "entropy", entropyBound: 0.1 } },
  { label: "Prophet, mean, bars of the paper", method: "prophet" },
  {
    label: "Prophet, smallest gap, bar 2",
    method: "prophet",
    params: { aggregate: "min", firstBar: 2, secondBar: 2, thirdBar: 2 },
  },
  { label: "ASS", method: "eoser-ass", params: { leastGamma: 1 } },
  { label: "ASS and EOSER 0.01", method: "eoser-ass", params: { leastGamma: 0.01 } },
  { label: "EOSER 0.4, 1 a step", method: "eoser-ass", params: { counts: "even", leastGamma: 0.4 } },
  ...[
    { label: "guided, two best, half as likely", rule: "topk_relative" },
    { label: "guided, own choice", rule: "deterministic" },
  ].map(({ label, rule }) => ({ label, method: "guided-diffusion", params: { rule } })),
  { label: "RADD, 16 steps, sampled", method: "radd", params: { steps: 16 }, temperature: 1 },
  { label: "ReMDM, 32 steps, sampled", method: "remdm", params: { steps: 32 }, temperature: 1 },
];

export const caches: readonly Strategy[] = [
  dkv("dKV Decode, N = 8", { refreshEvery: 8 }),
  dkv("dKV Decode, never refreshed", { refreshEvery: 0 }),
  dkv("dKV Decode, N = 4, prompt recomputed", { refreshEvery: 4, prompt: "live" }),
  dkv("dKV-PD, N = 8", { refreshEvery: 8, prompt: "once" }),
  dkv("dKV Prefill", { variant: "prefill" }),
  dkv("dKV Greedy, window 2, N = 8", { variant: "greedy", refreshEvery: 8, window: 2 }),
  dkv("dKV Greedy, window 4, N = 2", { variant: "greedy", refreshEvery: 2, window: 4 }),
  dkv("without delay, never refreshed", { variant: "no_delay", refreshEvery: 0 }),
  combined("blocks of 4", { blockLength: 4 }),
  combined("blocks of 4, prefix cache", { blockLength: 4, cache: "prefix" }),
  combined("blocks of 4, dual cache", { blockLength: 4, cache: "dual" }),
];

const bars = { early: "min", firstBar: 2, secondBar: 2, thirdBar: 2 };
export const combinations: readonly Strategy[] = [
  combined("dKV + threshold", { cache: "delayed", rule: "threshold" }),
  combined("dKV + Prophet", { cache: "delayed", ...bars }),
  combined("dKV + threshold + Prophet", { cache: "delayed", rule: "threshold", ...bars }),
  combined("dKV + threshold + Prophet + EOSER", {
    cache: "delayed",
    rule: "threshold",
    ...bars,
    leastGamma: 0.4,
  }),
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
/** A few of each kind. */
export const quickStrategies: readonly Strategy[] = [
  ...curves.confidence,
  ...curves.sampled,
  ...adaptive.filter(({ label }) => /threshold 0.9|Prophet|RADD|own choice/.test(label)),
  ...caches.filter(({ label }) => /Decode, N = 8|Greedy, window 2|delay/.test(label)),
];
/** What a model whose prompt rows see the canvas is asked for, too: the stored prompt is where the two kinds differ. */
export const promptStrategies: readonly Strategy[] = [
  BASELINE,
  ...caches.filter(({ label }) => /never|N = 4|blocks/.test(label)),
];

/** Label of a fixed plan. */
export const planned = (curve: keyof typeof curves, tokensPerStep: (typeof PARALLEL)[number]): string =>
  curves[curve].find((s) => s.tokensPerStep === tokensPerStep)!.label;
