/** Drafts from a table of what the target last thought likely after each token, learned while decoding. */
import { choice, integer } from "../base/params";
import { chosenDrafter, SAMPLE_AND_MATCH } from "./draft_tree";
import { earlierRows, ROW } from "./earlier_rows";
import { defineMethod } from "./method";
import type { TreeTemplate } from "./session";
import { speculate } from "./speculation";

/** The published static tree: how many children the node at a path of ranks has; others have none. */
const CHILDREN: Readonly<Record<string, number>> = {
  "": 8,
  ...{ "0": 8, "1": 4, "2": 3, "3": 2, "4": 1, "5": 1, "6": 1, "7": 1 },
  ...{ "00": 8, "01": 3, "02": 2, "03": 1, "04": 1, "05": 1, "06": 1, "07": 1 },
  ...{ "10": 2, "11": 1, "20": 1, "30": 1, "40": 1, "50": 1 },
  ...{ "000": 5, "001": 2, "002": 1, "003": 1, "004": 1, "010": 1, "020": 1, "100": 1, "200": 1, "300": 1 },
  ...{ "0000": 3, "0001": 1, "0002": 1, "0010": 1, "0100": 1, "1000": 1 },
  ...{ "00000": 2, "00010": 1 },
};
const TEMPLATE_NODES = Object.values(CHILDREN).reduce((sum, n) => sum + n, 0);

/** Paths of the published tree, anchor first, level by level with siblings together. */
function publishedPaths(): string[] {
  const paths = [""];
  // The list grows while it is walked, which makes the order breadth-first.
  for (const path of paths)
    for (let rank = 0; rank < (CHILDREN[path] ?? 0); rank++) paths.push(`${path}${rank}`);
  return paths;
}

/**
 * The published tree, or the `nodes` of it worth most when the chance of the successor of rank r is taken to be in
 * proportion to 1 / (r + 2). Parents are worth more than their children, so what is kept is a tree.
 */
export function recyclingTemplate(nodes: number): {
  readonly template: TreeTemplate;
  readonly levels: number[];
} {
  const value = (path: string): number =>
    path === "" ? 1 : value(path.slice(0, -1)) / (Number(path.at(-1)) + 2);
  const all = publishedPaths();
  const kept = new Set([...all].sort((a, b) => value(b) - value(a)).slice(0, nodes + 1));
  const paths = all.filter((path) => kept.has(path));
  const levels: number[] = [];
  for (const { length } of paths.slice(1)) levels[length - 1] = (levels[length - 1] ?? 0) + 1;
  const template = {
    parent: paths.map((path) => (path === "" ? 0 : paths.indexOf(path.slice(0, -1)))),
    rank: paths.map((path) => Number(path.at(-1) ?? 0)),
  };
  return { template, levels };
}

const params = {
  nodes: integer({
    default: TEMPLATE_NODES,
    min: 1,
    max: TEMPLATE_NODES,
    label: "Draft nodes",
    help: `Size of the tree. ${TEMPLATE_NODES} is the published one; fewer keep its best part, taking the chance of rank r to fall with 1 / (r + 2).`,
  }),
  start: choice({
    default: "empty",
    choices: [
      { value: "empty", label: "Empty" },
      { value: "earlier", label: "Of earlier texts" },
    ],
    label: "Table at the start",
    help: "Empty: every run learns from nothing. Of earlier texts: what the target thought likely after each token in texts it wrote before, kept with the page for the bundled models.",
  }),
};

export const tokenRecycling = defineMethod({
  id: "token-recycling",
  label: "Token Recycling",
  summary:
    "No draft model: the target's own discarded candidates, kept for every token, unroll into the next tree.",
  source: {
    title:
      "Turning Trash into Treasure: Accelerating Inference of Large Language Models with Token Recycling",
    authors: "X. Luo, Y. Wang, Q. Zhu, Z. Zhang, X. Zhang, Q. Yang, D. Xu",
    year: 2024,
    url: "https://arxiv.org/abs/2408.08696",
    where:
      "section 3, adjacency matrix with k = 8 and the static tree; above temperature 0 verified by sample and match. The matrix starts empty, or as texts kept with the page left it (hot start), never as the last run left it: so links repeat",
  },
  requires: "causal",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch:
      "The first rounds have nothing to draft from; the trees fill as the target leaves candidates behind, and soon parts of the sums come from them.",
    model: "task-target",
    params: { nodes: 24 },
    prompt: "countdown:42:17,17,8=",
    temperature: 0,
    maxNewTokens: 40,
  },
  treeNodes: ({ nodes }) => nodes + 1,
  async *decode(context) {
    const { template, levels } = recyclingTemplate(context.params.nodes);
    const { id } = context.session.target;
    const rows = context.params.start === "earlier" ? await earlierRows(id) : new Map<number, number[]>();
    if (!rows)
      yield {
        kind: "warning",
        step: 0,
        message: `no earlier texts of ${id} are kept; the table starts empty. Choose a bundled model for a table that does not.`,
      };
    const drafter = chosenDrafter(levels, (ops) => {
      const successors = ops.successors(ROW, rows ?? undefined);
      return { choice: { kind: "template", successors, template }, learn: successors };
    });
    yield* speculate(context, drafter, SAMPLE_AND_MATCH);
  },
});
