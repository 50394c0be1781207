/** Runs with trees as large as any method drafts them, made without a model: for layouts and for how quick the page draws them. */
import { uniformAt, Purpose } from "../../src/base/rng";
import { Timeline } from "../../src/trace/timeline";
import type { DraftNode, NodeVerdict, TraceEvent } from "../../src/trace/events";
import type { RoundView, RunView } from "../../src/trace/view";
import { hashTokens } from "../../src/trace/hash";

const WORDS = [
  " a",
  " the",
  " little",
  " girl",
  " named",
  " Lily",
  ".",
  "\n",
  " ",
  ",",
  " went",
  " outside",
  " favourite",
  " and",
  " to",
  " play",
];
/** Accepted drafts of a step. */
const ACCEPTED = 4;

/** Events of a run of `steps` rounds that draft `nodes` nodes each, the anchor included. */
export function wideRun(nodes: number, steps: number): readonly TraceEvent[] {
  const draw = (step: number, node: number): number =>
    uniformAt({ seed: 5, purpose: Purpose.ACCEPT, step, node, sibling: 0, index: 0 });
  const events: TraceEvent[] = [
    {
      kind: "run_start",
      step: 0,
      ms: 0,
      version: 1,
      method: "sequoia",
      model: "story-target",
      draft: "story-draft",
      params: {},
      sampler: { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
      seed: 5,
      maxNewTokens: steps * (ACCEPTED + 1),
      prompt: " a the",
      promptTokens: [0, 1],
      begin: null,
      adapter: "none",
    },
    { kind: "pieces", step: 0, ms: 0, tokens: WORDS.map((_, i) => i), texts: WORDS, partial: [] },
    { kind: "prefill", step: 0, ms: 0, tokens: 1 },
  ];
  const text = [0, 1];
  for (let step = 0; step < steps; step++) {
    const ms = step + 1;
    const drafted: DraftNode[] = [
      { id: 0, parent: -1, depth: 0, sibling: 0, token: text.at(-1)!, logq: 0, phi: 0, perturbed: 0 },
    ];
    const children = Array.from({ length: nodes }, () => 0);
    for (let id = 1; id < nodes; id++) {
      // Early nodes have more children, as in the trees of the methods.
      const parent = id <= ACCEPTED ? id - 1 : Math.floor(draw(step, id) ** 2 * id);
      const p = 0.05 + 0.9 * draw(step, id + 1000);
      drafted.push({
        id,
        parent,
        depth: drafted[parent]!.depth + 1,
        sibling: children[parent]!++,
        token: Math.floor(draw(step, id + 2000) * WORDS.length),
        logq: Math.log(p),
        phi: 0,
        perturbed: 0,
      });
    }
    const path = Array.from({ length: ACCEPTED + 1 }, (_, i) => i);
    const verdicts = drafted.slice(1).map(({ id, parent, logq }): NodeVerdict => {
      const isTested = parent === ACCEPTED;
      return {
        id,
        logp: logq - Math.LN2,
        r: Math.exp(logq) / 2,
        d: Math.exp(logq),
        acceptProb: 0.5,
        u: id <= ACCEPTED ? 0.1 : isTested ? 0.9 : null,
        outcome: id <= ACCEPTED ? "accepted" : isTested ? "rejected" : "not_reached",
      };
    });
    const tokens = [...drafted.slice(1, ACCEPTED + 1).map((n) => n.token), step % WORDS.length];
    events.push(
      { kind: "draft", step, ms, law: "iid", nodes: drafted },
      {
        kind: "verify",
        step,
        ms,
        rule: "multi_round",
        lossless: true,
        verdicts,
        path,
        extra: "residual",
      },
      {
        kind: "commit",
        step,
        ms,
        positions: tokens.map((_, i) => text.length + i),
        tokens,
        origins: tokens.map((_, i) => (i < ACCEPTED ? "accepted" : "residual")),
        logprobs: tokens.map(() => -1),
        nodes: tokens.map((_, i) => (i < ACCEPTED ? i + 1 : null)),
      },
      {
        kind: "state",
        step,
        ms,
        of: "target",
        base: text.length - 1,
        written: nodes,
        moves: [],
        kept: ACCEPTED + 1,
      },
      {
        kind: "cost",
        step,
        ms,
        targetForwards: 1,
        targetRows: nodes,
        draftForwards: 4,
        draftRows: nodes,
        dispatches: 1,
        submits: 1,
        readbacks: 1,
      },
    );
    text.push(...tokens);
  }
  events.push({
    kind: "run_end",
    step: steps - 1,
    ms: steps + 1,
    reason: "max_tokens",
    hash: hashTokens(text.slice(2)),
    error: null,
  });
  return events;
}

/** A judged tree of so many nodes. */
export function wideTree(nodes: number): { view: RunView; round: RoundView } {
  const view = new Timeline(wideRun(nodes, 2)).latest;
  return { view, round: view.rounds.at(1)! };
}
