/** Which numbers are drawn over the steps, with their axes and names. */
import type { RunView } from "../../../trace/view";
import { gapName, type StepNumbers } from "./series";

export interface Line {
  readonly name: string;
  readonly of: (n: StepNumbers) => number | null;
  readonly stroke: string;
  readonly dashes?: string;
  /** Holds its value until the next step, as a bar to be reached does. */
  readonly isStaircase?: boolean;
  /** Read off a pass, which not every step makes: each value has a dot, so that those without neighbours are seen. */
  readonly isOfPasses?: boolean;
}

export interface Panel {
  readonly title: string;
  /** Of the vertical axis. */
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly bars?: (n: StepNumbers) => number;
  /** Least upper end of the vertical axis. */
  readonly least: number;
  /** Exactly the upper end, where the numbers have one. */
  readonly most?: number;
}

/** A number of a probe, and how it is drawn. */
const probed =
  (probe: string, key: string) =>
  (n: StepNumbers): number | null =>
    n.probes.get(probe)?.[key] ?? null;

const ANY_ORDER: Panel = {
  title: "Score of the text in this order",
  unit: "nats: log-probabilities of the tokens, added as they are committed",
  least: 0,
  lines: [{ name: "in all", of: (n) => n.score, stroke: "var(--ink)" }],
};

/** Panels of the probes whose meaning is known here; an empty list for those that are settings. */
const KNOWN: Readonly<Record<string, readonly Panel[]>> = {
  evaluations: [
    {
      title: "Function evaluations",
      unit: "forward passes so far, beside the formula for steps that need none",
      least: 1,
      lines: [
        { name: "made", of: probed("evaluations", "passes"), stroke: "var(--ink)" },
        {
          name: "expected",
          of: probed("evaluations", "expected"),
          stroke: "var(--rejected)",
          dashes: "5 3",
          isStaircase: true,
        },
      ],
    },
    // Without a time, the model is an autoregressive one in any order: what the sum is the log-probability of.
    ANY_ORDER,
  ],
  eoser: [
    {
      title: "Factor of end tokens, gamma",
      unit: "what the confidence of a proposed end is multiplied by",
      least: 1,
      most: 1,
      lines: [{ name: "gamma", of: probed("eoser", "gamma"), stroke: "var(--ink)" }],
    },
  ],
  order: [],
};

const STROKES = ["var(--ink)", "var(--rejected)", "var(--accepted)", "var(--ink-soft)"];

/** Under the names that the method gave it: how a probe is drawn that nothing is known of here. */
const plainPanel = (name: string, keys: readonly string[]): Panel => ({
  title: name,
  unit: `${keys.join(", ")}, as the method reports them`,
  least: 0,
  lines: keys.map((key, i) => ({
    name: key,
    of: probed(name, key),
    stroke: STROKES[i % STROKES.length]!,
    ...(i > 0 ? { dashes: "5 3" } : {}),
  })),
});

function probePanels(numbers: readonly StepNumbers[]): readonly Panel[] {
  const keys = new Map<string, Set<string>>();
  for (const { probes } of numbers)
    for (const [name, values] of probes)
      keys.set(name, new Set([...(keys.get(name) ?? []), ...Object.keys(values)]));
  return [...keys].flatMap(([name, own]) => KNOWN[name] ?? [plainPanel(name, [...own])]);
}

/** The panels of a run: what is the method's own, then four that every canvas has. */
export function panelsOf(view: RunView, numbers: readonly StepNumbers[]): readonly Panel[] {
  const layers = layersOf(view);
  const positions = view.canvas?.cells.length ?? 0;
  const where = view.start?.params["watched"] === "region" ? " of the block" : "";
  const hasStop = numbers.some((n) => n.stop !== null);
  return [
    ...probePanels(numbers),
    {
      title: "Confidence",
      unit: "mean probability of the proposals at masked positions",
      least: 1,
      most: 1,
      lines: [{ name: "mean", of: (n) => n.confidence, stroke: "var(--ink)", isOfPasses: true }],
    },
    hasStop
      ? {
          title: "Gap and the bar it has to pass",
          unit: `${gapName(view)} difference of the two largest logits at masked positions${where}`,
          least: 1,
          lines: [
            {
              name: `${gapName(view)} gap`,
              of: (n) => n.stop?.gap ?? null,
              stroke: "var(--ink)",
              isOfPasses: true,
            },
            {
              name: "bar",
              of: (n) => n.stop?.bar ?? null,
              stroke: "var(--rejected)",
              dashes: "5 3",
              isStaircase: true,
            },
          ],
        }
      : {
          title: "Gap",
          unit: "mean difference of the two largest logits",
          least: 1,
          lines: [{ name: "mean", of: (n) => n.gap, stroke: "var(--ink)", isOfPasses: true }],
        },
    {
      title: "Tokens",
      unit: "positions; bars in each step, line in all",
      least: 4,
      bars: (n) => n.committed,
      lines: [{ name: "in all", of: (n) => n.total, stroke: "var(--accepted)" }],
    },
    {
      title: "Work",
      unit: "row-layers: rows computed times layers",
      least: positions * layers,
      bars: (n) => n.rows * layers,
      lines: [
        {
          name: "every row",
          of: () => positions * layers,
          stroke: "var(--ink-soft)",
          dashes: "2 3",
        },
      ],
    },
  ];
}

export const layersOf = (view: RunView): number => view.canvas?.start.layers ?? 1;
