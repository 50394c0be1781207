/** Some rounds of one method after one story, and what they would yield on average over their own tests. */
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import type { DraftNode, NodeVerdict, TraceEvent } from "../../src/trace/events";
import type { EngineHost } from "../../src/worker/host";
import { runMethod } from "../../src/worker/run";
import type { Params } from "./shapes";

export interface Rounds {
  readonly rounds: number;
  /** Accepted tokens and one more, added over rounds; before any cut at the text's end. */
  readonly tokens: number;
  /** The mean of that over the tests of each round. */
  readonly expected: number;
  /** Chance that child j of the anchor is the accepted one, added over rounds. */
  readonly byChild: readonly number[];
}

/** Mean number of accepted nodes below the anchor of a tree whose tests are `verdicts`. */
export function expectedAccepted(nodes: readonly DraftNode[], verdicts: readonly NodeVerdict[]): number {
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
  const below = (id: number): number => {
    const before = known.get(id);
    if (before !== undefined) return before;
    let left = 1;
    let sum = 0;
    for (const child of childrenOf(id)) {
      const a = accept.get(child)!;
      if (a > 0) sum += left * a * (1 + below(child));
      left *= 1 - a;
    }
    known.set(id, sum);
    return sum;
  };
  return below(0);
}

/** @throws Error if the run failed */
export async function measure(
  host: EngineHost,
  pair: { readonly target: string; readonly draft: string },
  o: { method: string; params: Params; temperature: number; prompt: string; seed: number; rounds: number },
): Promise<Rounds> {
  const control = { cancelled: false };
  const counts = { dispatches: 0, submits: 0, readbacks: 0, bytesUploaded: 0 };
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
    // Enough for the rounds that are wanted; the run is cancelled after them.
    maxNewTokens: 120,
    detail: "light" as const,
    profile: false,
    begin: null,
  };
  const sum = { rounds: 0, tokens: 0, expected: 0, byChild: [] as number[] };
  let nodes: readonly DraftNode[] = [];
  for await (const e of runMethod(host, settings, control, counts) as AsyncIterable<TraceEvent>) {
    if (e.kind === "draft") nodes = e.nodes;
    if (e.kind === "verify" && sum.rounds < o.rounds) {
      sum.rounds++;
      sum.tokens += e.path.length;
      sum.expected += 1 + expectedAccepted(nodes, e.verdicts);
      let left = 1;
      for (const n of nodes.filter(({ parent }) => parent === 0)) {
        const a = e.verdicts[n.id - 1]!.acceptProb;
        sum.byChild[n.sibling] = (sum.byChild[n.sibling] ?? 0) + left * a;
        left *= 1 - a;
      }
      if (sum.rounds === o.rounds) control.cancelled = true;
    }
    if (e.kind === "run_end" && e.error) throw new Error(e.error.message);
  }
  return sum;
}
