/** Draft trees of chosen tokens, without a draft model: from a table of successors, from the text, from last guesses. */
import { defineKernel } from "../engine/kernel";
import guessesSource from "../../shaders/draft_guesses.wgsl?raw";
import learnSource from "../../shaders/learn_successors.wgsl?raw";
import lookupSource from "../../shaders/draft_lookup.wgsl?raw";
import shiftSource from "../../shaders/shift_guesses.wgsl?raw";
import templateSource from "../../shaders/draft_template.wgsl?raw";
import { outcomeWords, treeWords } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";
import { scalarWords } from "./verify_tree";

export const draftTemplateKernel = defineKernel({
  name: "draft_template",
  source: templateSource,
  reads: ["successors", "plan"],
  writes: ["tree"],
  params: { k: "u32", cap: "u32" },
});
export const learnSuccessorsKernel = defineKernel({
  name: "learn_successors",
  source: learnSource,
  reads: ["tree", "tops", "outcome"],
  writes: ["successors"],
  params: { k: "u32", cap: "u32" },
});
export const draftLookupKernel = defineKernel({
  name: "draft_lookup",
  source: lookupSource,
  reads: ["ctl", "seq"],
  writes: ["tree"],
  params: { longest: "u32", is_latest: "u32", cap: "u32" },
  overrides: { WORKGROUP_SIZE: 64 },
});
export const draftGuessesKernel = defineKernel({
  name: "draft_guesses",
  source: guessesSource,
  reads: ["guesses"],
  writes: ["tree"],
  params: { cap: "u32" },
});
export const shiftGuessesKernel = defineKernel({
  name: "shift_guesses",
  source: shiftSource,
  reads: ["tree", "scalars", "outcome"],
  writes: ["guesses"],
  params: { cap: "u32" },
});

/** A tree that was just reset: the anchor alone, room for `cap` nodes. */
interface TreeArgs {
  /** u32 [NODE_FIELDS, cap] */
  readonly tree: GPUBuffer;
  readonly cap: number;
}

export interface TemplateArgs extends TreeArgs {
  /** u32 [V, k], tokens or NONE */
  readonly successors: GPUBuffer;
  readonly k: number;
  /** u32 [cap, 2]: parent and rank of each node, parents first, siblings together by rank; entry 0 is unused. */
  readonly plan: GPUBuffer;
}

/** Node i becomes successor `rank` of its parent's token; nodes whose row was never written stay absent. */
export function draftTemplate(rec: Recording, { tree, cap, successors, k, plan }: TemplateArgs): void {
  needBytes("draft_template", "tree", tree, 4 * treeWords(cap));
  needBytes("draft_template", "plan", plan, 8 * cap);
  rec.list.add(draftTemplateKernel, {}, { bind: { successors, plan, tree }, params: { k, cap }, grid: [1] });
}

export interface LearnArgs extends TreeArgs {
  readonly successors: GPUBuffer;
  readonly k: number;
  /** u32 [cap, k]: the most probable tokens after each node. */
  readonly tops: GPUBuffer;
  readonly outcome: GPUBuffer;
}

/** After a round: rows of the table for the tokens of all nodes; does nothing once the text has ended. */
export function learnSuccessors(
  rec: Recording,
  { tree, cap, successors, k, tops, outcome }: LearnArgs,
): void {
  needBytes("learn_successors", "tops", tops, 4 * cap * k);
  needBytes("learn_successors", "outcome", outcome, 4 * outcomeWords(cap));
  rec.list.add(
    learnSuccessorsKernel,
    {},
    { bind: { tree, tops, outcome, successors }, params: { k, cap }, grid: [Math.ceil(cap / 4)] },
  );
}

export interface LookupArgs extends TreeArgs {
  readonly ctl: GPUBuffer;
  readonly seq: GPUBuffer;
  /** Most tokens of the text's end that are looked for, at most 255. */
  readonly longest: number;
  /** The latest occurrence with whatever follows it, or the earliest that `cap - 1` tokens follow. */
  readonly which: "latest" | "earliest";
}

export function draftLookup(rec: Recording, { ctl, seq, tree, cap, longest, which }: LookupArgs): void {
  needBytes("draft_lookup", "tree", tree, 4 * treeWords(cap));
  const lanes = rec.list.engine.gpu.isSoftware ? 4 : 64;
  rec.list.add(
    draftLookupKernel,
    { overrides: { WORKGROUP_SIZE: lanes } },
    {
      bind: { ctl, seq, tree },
      params: { longest, is_latest: which === "latest" ? 1 : 0, cap },
      grid: [1],
    },
  );
}

export interface GuessArgs extends TreeArgs {
  /** u32 [cap - 1], tokens; NONE from where there is no guess */
  readonly guesses: GPUBuffer;
}

export function draftGuesses(rec: Recording, { tree, cap, guesses }: GuessArgs): void {
  needBytes("draft_guesses", "guesses", guesses, 4 * (cap - 1));
  rec.list.add(draftGuessesKernel, {}, { bind: { guesses, tree }, params: { cap }, grid: [1] });
}

/** After a round that went by a point rule: what the target said becomes the next guess. */
export function shiftGuesses(
  rec: Recording,
  a: GuessArgs & { readonly scalars: GPUBuffer; readonly outcome: GPUBuffer },
): void {
  const { tree, cap, guesses, scalars, outcome } = a;
  needBytes("shift_guesses", "scalars", scalars, 4 * scalarWords(cap));
  rec.list.add(
    shiftGuessesKernel,
    {},
    { bind: { tree, scalars, outcome, guesses }, params: { cap }, grid: [1] },
  );
}
