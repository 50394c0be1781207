/** Makes the page's result of what was measured: charts by nodes and by length, the orders that papers claim, shapes. */
import { findMethod } from "../../src/decoding";
import type { Measured } from "../result";
import { METHODS, STATIC, type MethodId } from "./shapes";
import { BIN, type Grown } from "./recycling";
import type { Texts } from "./texts";
import { difference, estimate, tokensPerPass, type Estimate, type Sample } from "./statistics";

/** One line of what was kept: some rounds of a method after a story. */
export interface Kept extends Sample {
  readonly texts: Texts["id"];
  readonly method: MethodId;
  /** "nodes" or "length": what was fixed, and at how much. */
  readonly fixed: "nodes" | "length";
  readonly size: number;
  readonly temperature: number;
  readonly params: string;
  readonly tokens: number;
}

const labelOf = (method: string): string => findMethod(method)?.label ?? method;
const show = (e: Estimate): string => `${e.value.toFixed(2)} (${e.low.toFixed(2)} to ${e.high.toFixed(2)})`;

/** Orders that the papers claim: the first is said to be at least the second. */
const CLAIMS: readonly (readonly [MethodId, MethodId])[] = [
  ["rsd-s", "rsd-c"],
  ["rsd-c", "spectr"],
  ["spectr", "speculative-chain"],
];

class Samples {
  constructor(private readonly kept: readonly Kept[]) {}

  of(texts: string, method: MethodId, fixed: string, size: number, temperature: number): Kept[] {
    return this.kept.filter(
      (k) =>
        k.texts === texts &&
        k.method === method &&
        k.fixed === fixed &&
        k.size === size &&
        k.temperature === temperature,
    );
  }
  sizes(fixed: string): number[] {
    return [...new Set(this.kept.filter((k) => k.fixed === fixed).map((k) => k.size))].sort((a, b) => a - b);
  }
  get texts(): Texts["id"][] {
    return (["stories", "tasks"] as const).filter((id) => this.kept.some((k) => k.texts === id));
  }
  get temperatures(): number[] {
    return [...new Set(this.kept.map((k) => k.temperature))].sort((a, b) => a - b);
  }
}

function chart(
  samples: Samples,
  texts: Texts["id"],
  fixed: "nodes" | "length",
  temperature: number,
): Measured["charts"][number] {
  const series = METHODS.map((method) => ({
    label: labelOf(method),
    points: samples.sizes(fixed).flatMap((size) => {
      const own = samples.of(texts, method, fixed, size, temperature);
      if (own.length < 2) return [];
      const e = estimate(own);
      return [{ x: size, y: e.value, low: e.low, high: e.high }];
    }),
  })).filter((s) => s.points.length > 0);
  const by = fixed === "nodes" ? "drafted nodes" : "draft length";
  const same = `Bars are 95 % bootstrap intervals over ${texts === "stories" ? "stories" : "problems"}; all methods are measured on the same ones.`;
  return {
    title: `${texts === "stories" ? "Stories" : "Tasks"}: tokens per target pass at equal ${by}, temperature ${temperature}`,
    shows:
      fixed === "nodes"
        ? `Every method may have the target check the same number of drafted tokens. ${same}`
        : `Every method drafts the same number of tokens in a row, in a tree of at most 30 nodes where it makes one. Trees look better this way than they are, since they have more nodes checked. ${same}`,
    x: {
      label: fixed === "nodes" ? "Drafted nodes" : "Drafted tokens in a row",
      scale: fixed === "nodes" ? "log" : "linear",
    },
    y: { label: "Tokens per target pass" },
    series,
    references: [{ kind: "y", label: "plain decoding", value: 1 }],
  };
}

const START = { empty: "empty table", earlier: "table of earlier texts" } as const;

/** Tokens a pass of Token Recycling by what the text had before: one list a temperature and start. */
export function growth(grown: readonly Grown[]): {
  readonly label: string;
  readonly points: { readonly from: number; readonly stories: number; readonly e: Estimate }[];
}[] {
  const temperatures = [...new Set(grown.map((g) => g.temperature))].sort((a, b) => a - b);
  return temperatures.flatMap((temperature) =>
    (["empty", "earlier"] as const).map((start) => {
      const own = grown.filter((g) => g.temperature === temperature && g.start === start);
      const froms = [...new Set(own.map((g) => g.from))].sort((a, b) => a - b);
      const points = froms.flatMap((from) => {
        const there = own.filter((g) => g.from === from).map((g) => ({ ...g, expected: g.tokens }));
        return there.length < 2 ? [] : [{ from, stories: there.length, e: estimate(there) }];
      });
      return { label: `temperature ${temperature}, ${START[start]}`, points };
    }),
  );
}

function growthChart(grown: readonly Grown[]): Measured["charts"] {
  if (grown.length === 0) return [];
  return [
    {
      title: "Token Recycling: tokens per target pass as a story grows",
      shows: `The published tree of 80 nodes, from a story's first words to the end of the model's context. A point stands for the passes that began within ${BIN} tokens of text. Bars are 95 % bootstrap intervals over stories; few stories are longer than 200 tokens.`,
      x: { label: "Tokens written before" },
      y: { label: "Tokens per target pass" },
      series: growth(grown).map(({ label, points }) => ({
        label,
        points: points.map(({ from, stories, e }) => ({
          ...{ x: from + BIN / 2, y: e.value, low: e.low, high: e.high },
          label: `${stories} stories`,
        })),
      })),
      references: [{ kind: "y", label: "claimed after 200 tokens", value: 1.7 }],
    },
  ];
}

/** What Token Recycling does after 200 tokens, for its page. */
function growthNote(grown: readonly Grown[]): Measured["notes"] {
  const late = growth(grown).flatMap(({ label, points }) =>
    points
      .filter(({ from }) => from === 200)
      .map(({ stories, e }) => `${show(e)} at ${label} (${stories} stories)`),
  );
  if (late.length === 0) return [];
  return [
    {
      method: "token-recycling",
      text: `Expected to commit 1.7 tokens a pass or more after 200 tokens of a story, without a draft model. Here: ${late.join("; ")}.`,
    },
  ];
}

function verdict(e: Estimate): string {
  if (e.low === 0 && e.high === 0) return "equal";
  if (e.low > 0) return "holds";
  return e.high < 0 ? "does not hold" : "too close to tell";
}

interface Order {
  readonly texts: Texts["id"];
  readonly size: number;
  readonly temperature: number;
  readonly first: MethodId;
  readonly second: MethodId;
  readonly e: Estimate;
}

/** Every claimed order at every number of nodes; DySpec stands against the best tree of a fixed shape. */
export function orders(kept: readonly Kept[]): Order[] {
  const samples = new Samples(kept);
  const found: Order[] = [];
  for (const texts of samples.texts)
    for (const temperature of samples.temperatures)
      for (const size of samples.sizes("nodes")) {
        const of = (m: MethodId): Kept[] => samples.of(texts, m, "nodes", size, temperature);
        const measured = STATIC.filter((m) => of(m).length > 1);
        const mean = (m: MethodId): number => tokensPerPass(of(m));
        const best = [...measured].sort((a, b) => mean(b) - mean(a))[0];
        const claims = best ? [...CLAIMS, ["dyspec", best] as const] : CLAIMS;
        for (const [first, second] of claims) {
          const e = difference(of(first), of(second));
          if (e) found.push({ texts, size, temperature, first, second, e });
        }
      }
  return found;
}

/** How a method fared on one kind of text against the methods it is said to beat. */
function fared(own: readonly Order[], texts: Texts["id"]): string {
  const count = (word: string): number => own.filter((o) => verdict(o.e) === word).length;
  const worst = own.reduce((a, b) => (b.e.value < a.e.value ? b : a));
  const best = own.reduce((a, b) => (b.e.value > a.e.value ? b : a));
  const at = (o: Order): string =>
    `${show(o.e)} tokens a pass against ${labelOf(o.second)} at ${o.size} nodes and temperature ${o.temperature}`;
  return `On ${texts}, of ${own.length} comparisons, the first is better in ${count("holds")}, the same in ${count("equal")}, worse in ${count("does not hold")}; ${count("too close to tell")} are too close to tell. Best: ${at(best)}. Worst: ${at(worst)}.`;
}

/** Why an order may fail; what was measured stands beside it. */
const WHY: Partial<Record<MethodId, string>> = {
  spectr: "The same means that the best shape of both is one chain.",
  "rsd-c": "The same means that the best shape of both is one chain, or at temperature 0 one tree.",
  "rsd-s": "The same means that the best shape of both is one chain.",
  dyspec:
    "DySpec takes the draft model's probability of a token for the chance that it is accepted: where drafts are accepted more often than the draft model is sure of them, its trees grow wider than is best.",
};

/** For the page of each method. */
function notes(kept: readonly Kept[]): Measured["notes"] {
  const all = orders(kept);
  return METHODS.flatMap((method) => {
    const own = all.filter((o) => o.first === method);
    if (own.length === 0) return [];
    const kinds = [...new Set(own.map((o) => o.texts))];
    const text = [
      `Said to be at least as good as ${[...new Set(own.map((o) => labelOf(o.second)))].join(", ")} at equal nodes.`,
      ...kinds.map((texts) =>
        fared(
          own.filter((o) => o.texts === texts),
          texts,
        ),
      ),
      WHY[method],
    ]
      .filter((part) => part !== undefined)
      .join(" ");
    return [{ method, text }];
  });
}

/** What was written and how much of it, for the summary. */
function amount(kept: readonly Kept[], { id, label, draftLabel, pair }: Texts): string {
  const own = kept.filter((k) => k.texts === id);
  const prompts = new Set(own.map((k) => k.story)).size;
  return `${prompts} ${label} (${pair.target}, drafted by ${draftLabel} or without a draft model)`;
}

/** Four digits after the point: more say nothing, and the file is read over networks. */
const rounded = (result: Measured): Measured =>
  JSON.parse(
    JSON.stringify(result, (_, value: unknown) =>
      typeof value === "number" ? Number(value.toFixed(4)) : value,
    ),
  ) as Measured;

export function report(
  kept: readonly Kept[],
  grown: readonly Grown[],
  device: { readonly adapter: string; readonly isSoftware: boolean },
  kinds: readonly Texts[],
): Measured {
  const samples = new Samples(kept);
  const rounds = kept.reduce((sum, k) => sum + k.rounds, 0);
  const measured = kinds.filter(({ id }) => samples.texts.includes(id));
  const charts = samples.texts.flatMap((texts) =>
    (["nodes", "length"] as const).flatMap((fixed) =>
      samples.temperatures.map((t) => chart(samples, texts, fixed, t)).filter((c) => c.series.length > 0),
    ),
  );
  const settings = samples.texts.flatMap((texts) =>
    METHODS.flatMap((method) =>
      (["nodes", "length"] as const).flatMap((fixed) =>
        samples.temperatures.flatMap((temperature) =>
          samples.sizes(fixed).flatMap((size) => {
            const own = samples.of(texts, method, fixed, size, temperature);
            if (own.length < 2) return [];
            const e = estimate(own);
            const happened = own.reduce((n, k) => n + k.tokens, 0) / own.reduce((n, k) => n + k.rounds, 0);
            return [
              {
                texts,
                method,
                fixed: `${fixed} ${size}`,
                temperature,
                tokens: e.value,
                low: e.low,
                high: e.high,
                happened,
                prompts: own.length,
                settings: own.at(-1)!.params,
              },
            ];
          }),
        ),
      ),
    ),
  );
  return rounded({
    id: "drafts",
    title: "Draft trees: tokens per target pass",
    summary: `How many tokens one pass of the target yields, by method: ${rounds} rounds after ${measured.map((texts) => amount(kept, texts)).join(" and ")}.`,
    command: "npm run bench:drafts",
    ...device,
    // The drafter of the tasks is a part of its target, not a model that comes with the page.
    models: [...new Set(measured.flatMap(({ sources }) => sources.map(({ id }) => id)))],
    charts: [...charts, ...growthChart(grown)],
    tables: [
      {
        title: "Orders that the papers claim",
        help: "Difference of the first method's tokens per pass and the second's on the same stories, with the same number of drafted nodes. DySpec stands against the best of the trees of fixed shape.",
        columns: [
          { key: "texts", label: "Text", help: "What was written." },
          { key: "first", label: "Method", help: "Said to be at least as good.", of: "method" },
          { key: "second", label: "Against", help: "What it is compared with.", of: "method" },
          { key: "size", label: "Nodes", help: "Drafted nodes that the target checks.", digits: 0 },
          { key: "temperature", label: "Temperature", help: "Of the target.", digits: 1 },
          { key: "gain", label: "Difference", unit: "tokens a pass", help: "Mean over stories.", digits: 3 },
          { key: "low", label: "From", help: "Lower end of the 95 % interval.", digits: 3 },
          { key: "high", label: "To", help: "Upper end of the 95 % interval.", digits: 3 },
          {
            key: "verdict",
            label: "Claim",
            help: "Whether the interval is above 0, below it or around it; equal where both drafted the same chains.",
          },
        ],
        rows: orders(kept).map(({ texts, first, second, size, temperature, e }) => ({
          ...{ texts, first, second, size, temperature },
          ...{ gain: e.value, low: e.low, high: e.high, verdict: verdict(e) },
        })),
      },
      {
        title: "All settings",
        help: "One row a method, what was fixed, and temperature. Shapes are chosen by acceptance measured on other stories, see bench/drafts/README.md.",
        columns: [
          { key: "texts", label: "Text", help: "What was written." },
          { key: "method", label: "Method", help: "The link opens its card.", of: "method" },
          { key: "fixed", label: "Fixed", help: "Drafted nodes, or drafted tokens in a row." },
          { key: "temperature", label: "Temperature", help: "Of the target.", digits: 1 },
          {
            key: "tokens",
            label: "Tokens",
            unit: "a pass",
            help: "Mean over the tests of every round.",
            digits: 3,
          },
          { key: "low", label: "From", help: "Lower end of the 95 % interval.", digits: 3 },
          { key: "high", label: "To", help: "Upper end of the 95 % interval.", digits: 3 },
          {
            key: "happened",
            label: "As it came out",
            unit: "a pass",
            help: "The same counted, without the mean over tests.",
            digits: 3,
          },
          { key: "prompts", label: "Prompts", help: "How many it was measured after.", digits: 0 },
          { key: "settings", label: "Settings", help: "What the method ran with." },
        ],
        rows: settings,
      },
    ],
    notes: [
      {
        method: null,
        text:
          "Stories: the first tokens after each opening, so methods that learn from the text as it grows start with little and show little here. " +
          `Tasks: whole answers, most of them short. Prompt lookup as published copies from a place with a whole draft after it, so long drafts find nothing in short texts. ${kinds.map(({ label, draftLabel }) => `On ${label}, ${draftLabel} drafts.`).join(" ")}`,
      },
      ...notes(kept),
      ...growthNote(grown),
    ],
  });
}

/** The same for a terminal. */
export function printed(kept: readonly Kept[], grown: readonly Grown[]): string {
  const samples = new Samples(kept);
  const lines: string[] = [];
  for (const texts of samples.texts)
    for (const fixed of ["nodes", "length"] as const) {
      for (const temperature of samples.temperatures) {
        const sizes = samples.sizes(fixed);
        if (sizes.length === 0) continue;
        lines.push("", `${texts}: tokens per target pass at temperature ${temperature}, by ${fixed}`);
        lines.push("".padEnd(20) + sizes.map((s) => String(s).padStart(24)).join(""));
        for (const method of METHODS) {
          const cells = sizes.map((size) => {
            const own = samples.of(texts, method, fixed, size, temperature);
            return (own.length < 2 ? "-" : show(estimate(own))).padStart(24);
          });
          lines.push(labelOf(method).padEnd(20) + cells.join(""));
        }
      }
    }
  if (grown.length > 0) lines.push("", "Token Recycling on stories, by tokens written before");
  for (const { label, points } of growth(grown))
    lines.push(
      label.padEnd(40) +
        points
          .map(({ from, e }) => `${from}: ${show(e)}`.padEnd(30))
          .join("")
          .trimEnd(),
    );
  lines.push("", "orders that the papers claim, as differences at equal nodes");
  for (const { texts, first, second, size, temperature, e } of orders(kept))
    lines.push(
      `${labelOf(first)} - ${labelOf(second)}`.padEnd(34) +
        `${texts}, nodes ${size}, temperature ${temperature}: ${show(e)} ${verdict(e)}`,
    );
  return lines.join("\n");
}
