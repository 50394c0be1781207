/** Says of a finished run that what its method is about never happened, by its trace alone. */
import { findMethod } from "../decoding/index";
import { roundOf, type RoundView, type RunView } from "../trace/view";
import { plural } from "./format";
import { gapName } from "./views/canvas/series";

/** Below this share of the steps a rule is as good as never met. */
const SELDOM = 0.1;

/** Positions that the model chose in a step, those behind the end of the text left out. */
const chosenIn = (round: RoundView): number =>
  round.canvas?.unmasked
    .filter((e) => e.reason !== "end_fill")
    .reduce((sum, e) => sum + e.positions.length, 0) ?? 0;

/** An early stop that never came, or came when there was nothing left to save. */
function barNeverMet(view: RunView, rounds: readonly RoundView[]): string | null {
  const looks = rounds.flatMap(({ step, canvas }) =>
    (canvas?.probes ?? []).flatMap(({ values: { gap, bar } }) =>
      gap === undefined || bar === undefined ? [] : [{ step, gap, bar }],
    ),
  );
  const [first, ...rest] = looks;
  if (!first) return null;
  const early = rounds.find(({ canvas }) => canvas?.unmasked.some((e) => e.reason === "all_in"));
  if (early)
    return early.step + 1 === view.canvas?.start.planned
      ? "The bar was met in the last planned step only: no step was saved."
      : null;
  const near = rest.reduce((a, b) => (b.bar - b.gap < a.bar - a.gap ? b : a), first);
  return `The bar was never met: every step committed by low confidence. Nearest was step ${near.step + 1}, with a ${gapName(view)} gap of ${near.gap.toFixed(2)} against a bar of ${near.bar.toFixed(2)}.`;
}

const SURE = new Set(["threshold", "factor", "entropy_bound"]);

/** A rule for committing what is sure that found no two positions sure at once. */
function neverSure(_: RunView, rounds: readonly RoundView[]): string | null {
  const own = rounds.filter(({ canvas }) => canvas?.unmasked.some((e) => SURE.has(e.reason)));
  if (own.length < 2) return null;
  const several = own.filter((round) => chosenIn(round) > 1).length;
  if (several === 0)
    return "No step was sure of more than one position: each committed its best one alone, as one position a step does.";
  return several / own.length < SELDOM
    ? `Only ${plural(several, "step")} of ${own.length} committed more than one position: the others were not sure enough.`
    : null;
}

function neverCached({ start }: RunView, rounds: readonly RoundView[]): string | null {
  const isCaching = start?.method === "dkv-cache" || (start?.params["cache"] ?? "none") !== "none";
  const asked = rounds.filter(({ canvas }) => canvas?.denoise && !canvas.denoise.reused);
  return isCaching && asked.length > 0 && asked.every(({ canvas }) => canvas?.denoise?.refreshed)
    ? "Every pass computed every row: nothing was read from the cache."
    : null;
}

const neverRemasked = ({ start }: RunView, rounds: readonly RoundView[]): string | null =>
  start?.method === "remdm" && rounds.every(({ canvas }) => canvas?.remasked.length === 0)
    ? "Nothing was masked again in this run."
    : null;

const neverReused = ({ start }: RunView, rounds: readonly RoundView[]): string | null =>
  start?.method === "radd" && rounds.every(({ canvas }) => canvas?.denoise?.reused === false)
    ? "Every step changed something, so every step needed a pass of the model."
    : null;

function neverRefused(_: RunView, rounds: readonly RoundView[]): string | null {
  const judged = rounds.flatMap(({ canvas }) => (canvas?.judge ? [canvas.judge] : []));
  return judged.length > 0 && judged.every((j) => j.accepted === j.positions.length)
    ? "The second model refused nothing."
    : null;
}

/** Drafts that were never there, or never taken. */
function neverDrafted(view: RunView, rounds: readonly RoundView[]): string | null {
  const method = findMethod(view.start?.method ?? "");
  if (!method || view.canvas || method.needs) return null;
  const drafted = rounds.reduce((sum, r) => sum + Math.max(0, r.nodes.length - 1), 0);
  if (drafted === 0)
    return method.treeNodes((view.start?.params ?? {}) as never) > 1
      ? "Nothing was drafted in this run: each step added one token, as plain decoding does."
      : null;
  return rounds.every((r) => r.path.length <= 1)
    ? `None of ${plural(drafted, "drafted token")} was accepted: each step added one token, as plain decoding does.`
    : null;
}

/** Depths that were to be decided token by token and all came out as deep as allowed. */
function neverLeftEarly(_: RunView, rounds: readonly RoundView[]): string | null {
  const depths = rounds.flatMap((r) => r.recursion?.depths ?? []);
  const [first] = depths;
  return first && depths.every((d) => d.reason === "cap")
    ? `No token met the criterion: all ran ${plural(first.maxDepth, "recurrence")}, the most allowed.`
    : null;
}

const RULES = [
  barNeverMet,
  neverSure,
  neverCached,
  neverRemasked,
  neverReused,
  neverRefused,
  neverDrafted,
  neverLeftEarly,
];

/** What did not happen in a run that came to its end; empty for others, and for runs that show their method's point. */
export function idleRules(view: RunView): readonly string[] {
  const { status } = view;
  if (status.state !== "ended" || status.reason === "error" || status.reason === "cancelled") return [];
  const rounds = view.rounds.toArray();
  if (rounds.length === 0 || !roundOf(view, rounds.length - 1)) return [];
  return RULES.flatMap((rule) => rule(view, rounds) ?? []);
}
