/** Stories: what they cost, and how probable a causal model of the same vocabulary finds them. */
import type { EngineHost } from "../../src/worker/host";
import { GpuCanvasSession } from "../../src/runtime/canvas_session";
import { prompts } from "../prompts";
import type { Checked } from "../../src/parallel/checked";
import { differenceOf, mean, ratioOf, type Estimate } from "../../src/parallel/statistics";
import type { Strategy } from "../../src/parallel/strategies";
import { decode, type Decoded } from "../../src/worker/solve";

const MODEL = "story-diffusion";
const JUDGE = "story-target";
/** Positions of a story to fill in. */
export const STORY_LENGTH = 32;

const story = (id: string, label: string, method: string, params: Strategy["params"] = {}): Strategy => ({
  ...{ id, label, method, params },
});
const low = (tokensPerStep: number): Strategy =>
  story(`confidence-${tokensPerStep}`, `low confidence, ${tokensPerStep} a step`, "low-confidence", {
    tokensPerStep,
  });
const guided = (id: string, label: string, rule: string): Strategy =>
  story(id, `guided, ${label}`, "guided-diffusion", { rule, blockLength: 16 });
const ONE_BY_ONE = low(1);
const TWO_BEST = guided("guided-two", "two best, half as likely", "topk_relative");

export const storyStrategies: readonly Strategy[] = [
  ONE_BY_ONE,
  low(4),
  TWO_BEST,
  guided("guided-five", "five best", "topk"),
  low(2),
  guided("guided-own", "own choice", "deterministic"),
  guided("guided-tenth", "more likely than a tenth", "threshold"),
  story("threshold-0.9", "threshold 0.9", "fast-dllm"),
  story("threshold-0.5", "threshold 0.5", "fast-dllm", { threshold: 0.5 }),
  story("prophet", "Prophet, mean, bars of the paper", "prophet"),
  story("decode-8", "dKV Decode, N = 8", "dkv-cache", { refreshEvery: 8 }),
  low(8),
  story("leftmost-1", "left to right, 1 a step", "low-confidence", { order: "left_to_right" }),
  story("random-1", "random order, 1 a step", "random-order"),
  story("greedy-4-8", "dKV Greedy, window 4, N = 8", "dkv-cache", { variant: "greedy", refreshEvery: 8 }),
  story("greedy-4-2", "dKV Greedy, window 4, N = 2", "dkv-cache", { variant: "greedy", refreshEvery: 2 }),
];
export const quickStories: readonly Strategy[] = [ONE_BY_ONE, TWO_BEST];

interface Story extends Decoded {
  /** Tokens up to the end of the text. */
  readonly length: number;
  /** Bits per token by the judge. */
  readonly bits: number;
  /** Pairs of neighbouring tokens that are new, as a share of all. */
  readonly distinct: number;
}

export interface StoryMeasurement {
  readonly strategy: Strategy;
  readonly stories: readonly Story[];
}
const over = ({ stories }: StoryMeasurement, of: (s: Story) => number): Estimate => mean(stories.map(of));

/** One story, and what the judge makes of it. */
async function write(
  session: GpuCanvasSession,
  strategy: Strategy,
  prompt: readonly number[],
  seed: number,
): Promise<Story> {
  const decoded = await decode(session, strategy, { prompt, length: STORY_LENGTH, seed });
  const end = decoded.tokens.findIndex((token) => session.model.endTokens.includes(token));
  // The end counts: the judge says whether it belongs there.
  const text = end < 0 ? decoded.tokens : decoded.tokens.slice(0, end + 1);
  const { logprob } = await session.judge([...prompt, ...text], prompt.length);
  const pairs = text.slice(1).map((token, i) => `${text[i]},${token}`);
  return {
    ...decoded,
    length: text.length,
    bits: -logprob.reduce((a, b) => a + b, 0) / text.length / Math.LN2,
    distinct: pairs.length === 0 ? 1 : new Set(pairs).size / pairs.length,
  };
}

/** Stories written at the same time. */
const SIDE_BY_SIDE = 3;

/** Writes `count` stories with each strategy. */
export async function measureStories(
  host: EngineHost,
  count: number,
  strategies: readonly Strategy[],
  isLate: () => boolean,
  tell: (m: StoryMeasurement) => void,
): Promise<{ measured: StoryMeasurement[]; layers: number }> {
  const [model, judge] = await Promise.all([host.model(MODEL), host.model(JUDGE)]);
  const openings = prompts.slice(0, count).map((text) => model.tokenizer.encodePrompt(text));
  const open = (): Promise<GpuCanvasSession> =>
    GpuCanvasSession.open(host.engine, {
      model: model.gpu,
      guider: judge.gpu,
      seed: 1,
      length: STORY_LENGTH + Math.max(...openings.map((o) => o.length)),
      tuning: host.tuning,
      profiler: null,
    });
  const sessions = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, open));
  const measured: StoryMeasurement[] = [];
  for (const strategy of strategies) {
    if (measured.length > 0 && isLate()) break;
    const stories: Story[] = [];
    const waiting = [...openings.entries()];
    const work = async (session: GpuCanvasSession): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        stories[next[0]] = await write(session, strategy, next[1], next[0]);
    };
    await Promise.all(sessions.map(work));
    measured.push({ strategy, stories });
    tell({ strategy, stories });
  }
  for (const session of sessions) session.dispose();
  return { measured, layers: model.gpu.layerCount };
}

/** The row of a strategy in the table. */
export function storyRow(m: StoryMeasurement, layers: number) {
  const bits = over(m, (s) => s.bits);
  return {
    strategy: m.strategy.label,
    method: m.strategy.method,
    passes: over(m, (s) => s.passes).value,
    judged: over(m, (s) => s.guiderPasses).value,
    rowLayers: layers * over(m, (s) => s.rows).value,
    bits: bits.value,
    low: bits.low,
    high: bits.high,
    distinct: 100 * over(m, (s) => s.distinct).value,
    length: over(m, (s) => s.length).value,
  };
}

export function storyCharts(measured: readonly StoryMeasurement[], count: number) {
  const points = (isGuided: boolean) =>
    measured
      .filter((m) => (m.strategy.method === "guided-diffusion") === isGuided)
      .map((m) => {
        const { value, low, high } = over(m, (s) => s.bits);
        return { x: over(m, (s) => s.passes).value, y: value, low, high, label: m.strategy.label };
      });
  return [
    {
      title: "Stories: probability and forward passes",
      shows: `Bits that ${JUDGE} needs for a token of the story, and passes of ${MODEL} that wrote it; ${count} openings, ${STORY_LENGTH} positions, temperature 0; bars are 95 % intervals over stories. Down and to the left is better, but texts that repeat themselves are cheap: see the table.`,
      mark: "points" as const,
      x: { label: "Forward passes of a story", scale: "log" as const },
      y: { label: "Bits per token", unit: "bits" },
      series: [
        { label: "guided", points: points(true) },
        { label: "not guided", points: points(false) },
      ],
    },
  ];
}

export function storyTable(measured: readonly StoryMeasurement[], layers: number, count: number) {
  return {
    title: "Stories",
    help: `${count} openings, ${STORY_LENGTH} positions each, temperature 0. Fewer bits are better where texts are as varied.`,
    columns: [
      { key: "strategy", label: "Strategy", help: "Its settings; what is not said is the method's default." },
      { key: "method", label: "Method", help: "The link opens its card.", of: "method" as const },
      { key: "passes", label: "Passes", help: `Forward passes of ${MODEL}, mean of a story.`, digits: 1 },
      { key: "judged", label: "Guider's", help: `Forward passes of ${JUDGE}, mean of a story.`, digits: 1 },
      {
        key: "rowLayers",
        label: "Row-layers",
        help: `Rows that ${MODEL} computed times its layers.`,
        digits: 0,
      },
      {
        key: "bits",
        label: "Bits per token",
        help: `By ${JUDGE}, mean over stories.`,
        unit: "bits",
        digits: 2,
      },
      { key: "low", label: "from", help: "End of its 95 % interval.", unit: "bits", digits: 2 },
      { key: "high", label: "to", help: "End of its 95 % interval.", unit: "bits", digits: 2 },
      {
        key: "distinct",
        label: "New pairs",
        help: "Different pairs of neighbouring tokens: low for texts that repeat themselves.",
        unit: "%",
        digits: 0,
      },
      {
        key: "length",
        label: "Length",
        help: "Tokens up to the end of the text.",
        unit: "tokens",
        digits: 0,
      },
    ],
    rows: measured.map((m) => storyRow(m, layers)),
  };
}

/** Bits a token that a story may be less probable by and still be as good. */
const AS_GOOD = 0.1;

/** What guided decoding promises of stories, opening by opening. */
export function checkStories(measured: readonly StoryMeasurement[]): Checked[] {
  const of = ({ id }: Strategy): StoryMeasurement | undefined =>
    measured.find(({ strategy }) => strategy.id === id);
  const [guide, plain] = [of(TWO_BEST), of(ONE_BY_ONE)];
  if (!guide || !plain) return [];
  const values = (m: StoryMeasurement, value: (s: Story) => number): number[] => m.stories.map(value);
  const shared = {
    method: guide.strategy.method,
    kind: "claim" as const,
    left: `${guide.strategy.label}: stories`,
    right: `${plain.strategy.label}: stories`,
  };
  const steps = (s: Story): number => s.steps;
  const bits = (s: Story): number => s.bits;
  return [
    {
      ...shared,
      ...{ says: "Guided decoding writes a story in fewer steps", of: "steps", unit: "%" },
      value: ratioOf(values(guide, steps), values(plain, steps), true),
      limit: { side: "below", value: 100 },
    },
    {
      ...shared,
      ...{ says: "Guided stories are as probable", of: `bits a token by ${JUDGE}, difference`, unit: "bits" },
      value: differenceOf(values(guide, bits), values(plain, bits), true),
      limit: { side: "below", value: AS_GOOD },
    },
  ];
}

export function storyNotes(measured: readonly StoryMeasurement[]): { method: string; text: string }[] {
  const base = measured[0]!;
  const shownMean = (m: StoryMeasurement, of: (s: Story) => number, digits: number): string =>
    over(m, of).value.toFixed(digits);
  const at = (m: StoryMeasurement): string =>
    `${shownMean(m, (s) => s.bits, 2)} bits a token, ${shownMean(m, (s) => s.passes, 1)} passes and ${shownMean(m, (s) => s.rows, 0)} rows`;
  return measured
    .filter(({ strategy }) => ["guided-diffusion", "prophet", "dkv-cache"].includes(strategy.method))
    .map((m) => {
      const judged = m.strategy.method === "guided-diffusion";
      const also = judged ? ` (and ${shownMean(m, (s) => s.guiderPasses, 1)} passes of the guider)` : "";
      return {
        method: m.strategy.method,
        text: `${m.strategy.label}: stories of ${at(m)}${also}, against ${at(base)} for ${base.strategy.label}.`,
      };
    });
}
