/** Makes tables for the terminal, and the page's result, of what bench:recursion measured. */
import type { Measured as Result } from "../result";
import type { Contender } from "./decoding";
import type { Flops } from "./flops";
import type { Loss } from "./loss";

export interface LossRow extends Omit<Loss, "outcomes"> {
  readonly model: string;
  /** The curve it is a point of. */
  readonly group: string;
  readonly label: string;
}

/** One contender on all its texts. */
export interface Measured {
  readonly contender: Contender;
  /** Share of right answers, or of tokens before a text leaves that of full depth. */
  readonly quality: number;
  /** Recurrences of a token behind the prompt. */
  readonly depth: number;
  /** Recurrences that wait for one another, a token; rows of them, a token. */
  readonly inARow: number;
  readonly rows: number;
}

export interface Found {
  readonly losses: readonly LossRow[];
  readonly tasks: readonly Measured[];
  readonly stories: readonly Measured[];
}

export interface About {
  readonly adapter: string;
  readonly isSoftware: boolean;
  readonly command: string;
  readonly problems: number;
  readonly stories: number;
  readonly tokens: number;
  readonly windows: number;
  /** Problems of all tasks. */
  readonly asked: number;
  /** Work of story-mor's matrices for a token. */
  readonly routedFlops: Flops;
}

const cell = (value: number, digits = 2): string =>
  (Number.isFinite(value) ? value.toFixed(digits) : "").padStart(8);

export function printed({ tasks, stories }: Found): string {
  const lines = (title: string, all: readonly Measured[]): string[] => [
    `\n${title}`,
    "       %    depth  in a row     rows   per token; depth is the mean",
    ...all.map(({ contender, quality, depth, inARow, rows }) =>
      [cell(100 * quality, 1), cell(depth), cell(inARow), cell(rows), `  ${contender.label}`].join(" "),
    ),
  ];
  return [
    ...lines("task-loop: right answers, greedy", tasks),
    ...lines("story-loop: tokens before the text leaves that of full depth, greedy", stories),
  ].join("\n");
}

type Chart = Result["charts"][number];

/** One line for each group, points in order of x. */
function lines<T>(
  all: readonly T[],
  groupOf: (row: T) => string,
  pointOf: (row: T) => { readonly x: number; readonly y: number; readonly label: string },
): Chart["series"] {
  const groups = new Map<string, T[]>();
  for (const row of all) groups.set(groupOf(row), [...(groups.get(groupOf(row)) ?? []), row]);
  return [...groups].map(([label, rows]) => ({
    label,
    points: rows.map(pointOf).sort((a, b) => a.x - b.x),
  }));
}

const byDepth = { label: "Recurrences a token, mean" };

function lossChart(losses: readonly LossRow[], model: string, shows: string): Chart {
  return {
    title: `${model}: loss at the depth that each rule leads to`,
    shows,
    x: byDepth,
    y: { label: "Loss on held-out stories", unit: "bits/byte" },
    series: lines(
      losses.filter((row) => row.model === model),
      (row) => row.group,
      (row) => ({ x: row.depth, y: row.bitsPerByte, label: row.label }),
    ),
  };
}

function entriesChart(losses: readonly LossRow[], model: string, shows: string): Chart {
  return {
    title: `${model}: keys and values kept at each mean depth`,
    shows,
    x: byDepth,
    y: { label: "Keys in the shared layers, a token" },
    series: lines(
      losses.filter((row) => row.model === model),
      (row) => row.group,
      (row) => ({ x: row.depth, y: row.entries, label: row.label }),
    ),
  };
}

/** A criterion's name and threshold, as a sentence has them: 'change of the latent below 0.3'. */
function criterionOf({ group, label }: LossRow): string {
  const [id, threshold] = label.split(" ");
  const name = group.charAt(0).toLowerCase() + group.slice(1);
  if (id === "fixed") return `${name} ${threshold}`;
  return id === "argmax-stability" ? `${name} ${threshold} times in a row` : `${name} below ${threshold}`;
}

const isFixed = ({ label }: { readonly label: string }): boolean => label.startsWith("fixed ");

/** Of some rules, the one that costs less than 1 % of the loss at full depth with the fewest recurrences; null if none does. */
function cheapest(rows: readonly LossRow[], full: LossRow): LossRow | null {
  const good = rows.filter((row) => row.bitsPerByte <= 1.01 * full.bitsPerByte);
  return good.length === 0 ? null : good.reduce((a, b) => (b.depth < a.depth ? b : a));
}

/** What the exits of a model bring, beside a fixed depth that costs as little. */
function exitsFound(rows: readonly LossRow[], full: LossRow): string {
  const tells = (row: LossRow) =>
    `${row.depth.toFixed(2)} recurrences a token at ${percent(row.bitsPerByte, full.bitsPerByte)} more loss`;
  const exit = cheapest(
    rows.filter((row) => !isFixed(row)),
    full,
  );
  const fixed = cheapest(rows.filter(isFixed), full)!;
  const found = exit
    ? `the exit criterion that saves most is ${criterionOf(exit)}: ${tells(exit)}, where full depth has ${full.depth}`
    : `no exit criterion stays within 1 % of the loss at full depth, ${full.depth}`;
  return `On held-out stories ${found}. A fixed depth of ${fixed.depth} has ${tells(fixed)}.`;
}

/** Plain decoding at depths that it could also be given, and an exit, beside what saves passes. */
const BESIDE = ["fixed 12", "fixed 6", "fixed 2", "latent-diff 0.03"];

const exits = (all: readonly Measured[]): Measured[] =>
  all.filter(({ contender }) => contender.method === "recurrent");

function inARow(title: string, shows: string, all: readonly Measured[]): Chart {
  const bars = all.filter(
    ({ contender }) => contender.method !== "recurrent" || BESIDE.includes(contender.label),
  );
  return {
    title,
    shows,
    x: { label: "How it is decoded", scale: "names" },
    y: { label: "Recurrences in a row, a token" },
    mark: "bars",
    series: [
      {
        label: "in a row",
        points: bars.map(({ contender, inARow, quality }) => ({
          x: isFixed(contender) ? contender.label.replace("fixed ", "plain, recurrences: ") : contender.label,
          y: inARow,
          label: `${(100 * quality).toFixed(1)} %`,
        })),
      },
    ],
  };
}

function decodingTable(
  title: string,
  help: string,
  quality: string,
  all: readonly Measured[],
): Result["tables"][number] {
  return {
    title,
    help,
    columns: [
      { key: "how", label: "Decoded with", help: "Exit criterion and threshold, or method." },
      { key: "quality", label: quality, unit: "%", help, digits: 1 },
      { key: "depth", label: "depth", help: "Recurrences of a token behind the prompt, mean.", digits: 2 },
      {
        key: "inARow",
        label: "in a row",
        help: "Recurrences that wait for one another, a token.",
        digits: 2,
      },
      { key: "rows", label: "rows", help: "Rows that ran a recurrence, a token.", digits: 2 },
    ],
    rows: all.map((m) => ({
      how: m.contender.label,
      quality: 100 * m.quality,
      depth: Number.isFinite(m.depth) ? m.depth : null,
      inARow: m.inARow,
      rows: m.rows,
    })),
  };
}

const percent = (value: number, of: number): string => `${(100 * (value / of - 1)).toFixed(2)} %`;

/** Recurrences in a row of a contender beside those of plain decoding at full depth and at depths that would do as well. */
function besidePlain(one: Measured, all: readonly Measured[]): string {
  const [full, ...others] = all.filter(
    ({ contender }) => isFixed(contender) && BESIDE.includes(contender.label),
  );
  const tells = ({ contender, inARow, quality }: Measured): string =>
    `${inARow.toFixed(2)} at depth ${contender.label.slice(6)}${quality < 1 ? ` (with ${(100 * quality).toFixed(1)} %)` : ""}`;
  return `${one.inARow.toFixed(2)} recurrences in a row a token, ${(full!.inARow / one.inARow).toFixed(1)} times fewer than plain decoding at full depth, which has ${[full!, ...others].map(tells).join(", ")}`;
}

/** Loss, work and memory of a mixture, by threshold and beside the same depth for all. */
function routedTable(rows: readonly LossRow[], { once, each }: Flops): Result["tables"][number] {
  return {
    title: "story-mor: loss, work and memory",
    help: "Held-out stories. Work: two operations for each weight of a matrix that a token meets, without attention to earlier tokens.",
    columns: [
      {
        key: "how",
        label: "Depth by",
        help: "Threshold of the router with the keys a recursion reads, or one depth for all.",
      },
      { key: "loss", label: "loss", unit: "bits/byte", help: "On held-out stories.", digits: 4 },
      { key: "depth", label: "depth", help: "Recursions a token, mean.", digits: 2 },
      {
        key: "work",
        label: "work",
        unit: "kFLOP",
        help: "Operations of a token's matrices, thousands.",
        digits: 0,
      },
      { key: "keys", label: "keys", help: "Keys with values in the shared layers, a token.", digits: 2 },
    ],
    rows: rows.map((row) => ({
      how: row.label,
      loss: row.bitsPerByte,
      depth: row.depth,
      work: (once + each * row.depth) / 1000,
      keys: row.entries,
    })),
  };
}

export function report({ losses, tasks, stories }: Found, about: About): Result {
  const loop = losses.filter((row) => row.model === "story-loop");
  const full = loop.find((row) => row.label === "fixed 12")!;
  const routed = losses.filter((row) => row.model === "story-mor");
  const atHalf = routed.find((row) => row.label === "gate 0.5, per-recurrence")!;
  const chosen = losses.filter((row) => row.model === "story-mor-token");
  const ownChoice = chosen.find((row) => row.label === "choice, per-recurrence")!;
  const likeDepth = chosen.filter((row) => row.label.startsWith("all "));
  const deepest = routed.filter((row) => row.label.startsWith("all ")).at(-1)!;
  const exitsOfLoop = exitsFound(loop, full);
  const wave = stories
    .filter(({ contender }) => contender.method === "depth-wavefront")
    .reduce((a, b) => (b.inARow < a.inARow ? b : a));
  const taskWave = tasks.find(({ contender }) => contender.label === wave.contender.label)!;
  return {
    id: "recursion",
    title: "Depth: what recurrences give and cost",
    summary: `${exitsOfLoop} ${wave.contender.label}: ${besidePlain(wave, stories)} in stories, ${besidePlain(taskWave, tasks)} in tasks.`,
    command: about.command,
    adapter: about.adapter,
    isSoftware: about.isSoftware,
    models: [...new Set([...losses.map(({ model }) => model), "task-loop"])],
    charts: [
      lossChart(
        losses,
        "story-loop",
        `Each point is a threshold. Lower and further left is better: fewer recurrences at the same loss. ${about.windows} windows of held-out stories.`,
      ),
      lossChart(
        losses,
        "story-mor",
        "Each point is a threshold of the router, from one that lets every token in to one that lets none. The best of the text looks at later tokens and cannot be used to write.",
      ),
      lossChart(
        losses,
        "story-mor-token",
        "Each token chooses its depth once, so there is no threshold to move: one point for each way to keep keys, beside the same depth for all.",
      ),
      entriesChart(
        losses,
        "story-mor",
        "Keys with values in the shared layers. With those of the first recursion only, depth costs no memory.",
      ),
      entriesChart(losses, "story-mor-token", "The same, where each token chooses its depth."),
      {
        title: "task-loop: right answers at the depth that each criterion leads to",
        shows: `${about.asked} test problems (sums, sort, reverse, lookups of one to four hops), greedy.`,
        x: byDepth,
        y: { label: "Right answers", unit: "%" },
        series: lines(
          exits(tasks),
          ({ contender }) => contender.group,
          (m) => ({ x: m.depth, y: 100 * m.quality, label: m.contender.label }),
        ),
      },
      inARow(
        "Stories: recurrences that wait for one another",
        `${about.stories} stories of ${about.tokens} tokens, greedy. Pointing at a bar says how much of the text is that of full depth.`,
        stories,
      ),
      inARow(
        "Tasks: recurrences that wait for one another",
        `The same ${about.asked} problems. Pointing at a bar says how many answers are right.`,
        tasks,
      ),
    ],
    tables: [
      decodingTable("Tasks", "Right answers of task-loop, greedy.", "right", tasks),
      decodingTable(
        "Stories",
        "Tokens of story-loop before its text leaves that of full depth, greedy.",
        "same",
        stories,
      ),
      routedTable(routed, about.routedFlops),
    ],
    notes: [
      {
        method: "recurrent",
        text: exitsOfLoop,
      },
      {
        method: "depth-wavefront",
        text: `${wave.contender.label}. Stories: ${besidePlain(wave, stories)}; ${(100 * wave.quality).toFixed(0)} % of the text is that of full depth. Tasks, ${about.asked} problems with short answers, whose first token comes with the prompt at full depth: ${besidePlain(taskWave, tasks)}; ${(100 * taskWave.quality).toFixed(1)} % right.`,
      },
      {
        method: "mor",
        text: `Held-out stories: the router at 0.5 gives ${atHalf.bitsPerByte.toFixed(3)} bits per byte at mean depth ${atHalf.depth.toFixed(2)}; every token at depth ${deepest.depth} gives ${deepest.bitsPerByte.toFixed(3)}. On the same ${about.windows} windows story-mor-token, whose tokens choose their depth, gives ${ownChoice.bitsPerByte.toFixed(3)} at ${ownChoice.depth.toFixed(2)} with ${ownChoice.entries.toFixed(2)} keys a token (threshold 0.5: ${atHalf.entries.toFixed(2)}); the same depth for all, 1 to ${likeDepth.length}: ${likeDepth.map((row) => row.bitsPerByte.toFixed(3)).join(", ")}.`,
      },
    ],
  };
}
