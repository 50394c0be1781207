/** Some rounds of one method after one story, and what they would yield on average over their own tests. */
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import type { DraftNode, NodeVerdict, TraceEvent } from "../../src/trace/events";
import type { EngineHost } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";
import type { Params } from "./shapes";
import type { Pair } from "./texts";

/** Tokens of the longest draft: room for a whole round after the last that is wanted. */
const SPARE = 40;

export interface Rounds {
  readonly rounds: number;
  /** Committed tokens, added over rounds. */
  readonly tokens: number;
  /** The mean of that over the tests of each round; an end token is the last, other cuts do not count. */
  readonly expected: number;
  /** Chance that child j of the anchor is the accepted one, added over rounds. */
  readonly byChild: readonly number[];
}

/** Mean number of tokens that a round commits whose tests are `verdicts`; an accepted end token is the text's last. */
export function expectedTokens(
  nodes: readonly DraftNode[],
  verdicts: readonly NodeVerdict[],
  endTokens: readonly number[] = [],
): number {
  const accept = new Map(verdicts.map((v) => [v.id, v.acceptProb]));
  const own = nodes.map((): number[] => []);
  for (const n of nodes) if (n.parent >= 0) own[n.parent]![n.sibling] = n.id;
  // Paths of independent draws that begin alike share what follows: see docs/trace.md.
  const childrenOf = (id: number): readonly number[] => {
    if (own[id]!.length > 0 || id === 0) return own[id]!;
    const { parent, token } = nodes[id]!;
    return own[own[parent]!.find((other) => nodes[other]!.token === token)!]!;
  };
  const known = new Map<number, number>();
  const from = (id: number): number => {
    const before = known.get(id);
    if (before !== undefined) return before;
    let left = 1;
    let sum = 0;
    for (const child of childrenOf(id)) {
      const a = accept.get(child)!;
      const isEnd = endTokens.includes(nodes[child]!.token);
      if (a > 0) sum += left * a * (1 + (isEnd ? 0 : from(child)));
      left *= 1 - a;
    }
    // All children rejected, or none there: one token from the target.
    known.set(id, sum + left);
    return sum + left;
  };
  return from(0);
}

/** Rounds until `tokens` tokens are there or the text has ended. @throws Error if the run failed */
export async function measure(
  host: EngineHost,
  pair: Pair,
  o: { method: string; params: Params; temperature: number; prompt: string; seed: number; tokens: number },
): Promise<Rounds> {
  const control = { cancelled: false };
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
  const target = await host.model(pair.target);
  const { endTokens } = target.gpu.facts;
  const { values, issues } = readParams(findMethod(o.method)!.params, { ...o.params });
  if (issues.length > 0) throw new Error(`${o.method}: ${issues.map((i) => i.message).join("; ")}`);
  const settings = {
    model: pair.target,
    draft: pair.draft,
    method: o.method,
    params: values,
    sampler: { temperature: o.temperature, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    prompt: o.prompt,
    seed: o.seed,
    // No round is cut short by a limit before enough tokens are there.
    maxNewTokens: Math.min(
      o.tokens + SPARE,
      target.gpu.maxContext - target.tokenizer.encodePrompt(o.prompt).length,
    ),
    detail: "light" as const,
    profile: false,
    begin: null,
  };
  const sum = { rounds: 0, tokens: 0, expected: 0, byChild: [] as number[] };
  let nodes: readonly DraftNode[] = [];
  for await (const e of runMethod(host, settings, control, counts) as AsyncIterable<TraceEvent>) {
    if (e.kind === "draft") nodes = e.nodes;
    if (e.kind === "commit") {
      sum.tokens += e.tokens.length;
      control.cancelled = sum.tokens >= o.tokens;
    }
    if (e.kind === "verify" && sum.tokens < o.tokens) {
      sum.rounds++;
      sum.expected += expectedTokens(nodes, e.verdicts, endTokens);
      let left = 1;
      for (const n of nodes.filter(({ parent }) => parent === 0)) {
        const a = e.verdicts[n.id - 1]!.acceptProb;
        sum.byChild[n.sibling] = (sum.byChild[n.sibling] ?? 0) + left * a;
        left *= 1 - a;
      }
    }
    if (e.kind === "run_end" && e.error) throw new Error(e.error.message);
  }
  return sum;
}
