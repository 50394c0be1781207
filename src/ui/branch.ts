/**
 * Branches: what a run would begin with that forces a token its parent did not take, as plain data. The parent's own
 * tokens up to there, the way to the token through the tree, and the token itself.
 */
import type { RunBegin } from "../trace/events";
import { pieceOf, roundOf, type RunView } from "../trace/view";
import type { RunSettings } from "../worker/api";
import type { Selection } from "./stores/layout";
import { settingsOfRun } from "./run_settings";

export interface Branch {
  readonly settings: RunSettings;
  /** Round of the parent that the branch leaves. */
  readonly step: number;
  /** Text of the tokens that were forced. */
  readonly forced: string;
}

/** What a selection puts after the text before its round, and how many of these tokens the parent has there too. */
function wayTo(view: RunView, selection: Selection): { tokens: number[]; shared: number } | null {
  const round = roundOf(view, selection.step);
  if (!round || selection.kind === "extra" || selection.kind === "position") return null;
  if (selection.kind === "candidate")
    return round.tokens[0]?.token === selection.token ? null : { tokens: [selection.token], shared: 0 };
  const way = [];
  for (let at = round.nodes[selection.node]; at && at.parent >= 0; at = round.nodes[at.parent])
    way.unshift(at);
  const tokens = way.map((n) => n.token);
  const text = round.tokens.map((t) => t.token);
  let shared = 0;
  while (shared < tokens.length && tokens[shared] === text[shared]) shared++;
  // What the text has anyway is not forced.
  return tokens.length === 0 || shared === tokens.length ? null : { tokens, shared };
}

/**
 * The branch that forces what is selected; a message where it cannot be made; null where there is nothing to force:
 * tokens of the text, rounds that were not judged yet, runs that fill a canvas.
 */
export function branchAt(view: RunView, selection: Selection | null): Branch | { problem: string } | null {
  const { start } = view;
  if (!start || !selection || view.canvas) return null;
  const round = roundOf(view, selection.step);
  const way = wayTo(view, selection);
  if (!round || !way || round.phase !== "committed") return null;
  const before = view.tokens.slice(0, round.base - start.promptTokens.length);
  const tokens = [...before.map((t) => t.token), ...way.tokens];
  if (tokens.length > start.maxNewTokens)
    return { problem: `It stands beyond the ${start.maxNewTokens} tokens this run was asked for.` };
  const forcedNow = way.tokens.slice(way.shared);
  const begin: RunBegin = {
    step: (start.begin?.step ?? 0) + round.step + 1,
    tokens,
    forced: [...(start.begin?.forced ?? []), ...forcedNow.map((_, i) => before.length + way.shared + i)],
  };
  return {
    settings: settingsOfRun(start, begin),
    step: round.step,
    forced: forcedNow.map((token) => pieceOf(view, token)).join(""),
  };
}
