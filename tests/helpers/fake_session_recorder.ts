/** The recorder of the fake session: operations become closures that one round runs in order. */
import type {
  AllowedTokens,
  Choice,
  Expansion,
  Guesses,
  Laws,
  ModelRole,
  ProgramCost,
  Readable,
  ReadableMap,
  Recorder,
  RoundOutcome,
  Rows,
  SuccessorRows,
  Successors,
  TopTokens,
  Tree,
  TreeContents,
  VerifyRule,
} from "../../src/decoding/session";
import type { SamplerSettings } from "../../src/trace/events";
import {
  anchorTree,
  expand as expandTree,
  grownSize,
  nodesAtDepth,
  pathTo,
  type TreeNodes,
} from "../reference/expand_tree";
import { processLogits } from "../reference/process_logits";
import { topK } from "../reference/row_stats";
import { expandBest, rankTree } from "../reference/rank_tree";
import { sampleRow } from "../reference/sample";
import { verifyTree, type VerifyResult } from "../reference/verify_tree";
import {
  appendChain,
  chooseByTemplate,
  learnSuccessors,
  lookup,
  shiftGuesses,
} from "../reference/chosen_tree";
import type { FakeSession } from "./fake_session";
import {
  allowedOf,
  rowsOf,
  lawsOf,
  type FakeAllowed,
  treeOf,
  successorsOf,
  guessesOf,
  readableOf,
  deviceNumber,
  type FakeRows,
  type FakeLaws,
  type FakeTree,
  type FakeSuccessors,
  type FakeGuesses,
  type FakeReadable,
} from "./fake_session_handles";
import { INACTIVE, type Decision } from "./fake_session_outcome";

const OUTCOME_BYTES = 64;
const NODE_BYTES = 64;

function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`misused recorder: ${message}`);
}

export class FakeRecorder implements Recorder {
  private readonly steps: (() => void)[] = [];
  private readonly used = new Set<ModelRole>();
  private readonly work = { targetForwards: 0, targetRows: 0, draftForwards: 0, draftRows: 0 };
  private readbackBytes = 0;
  private outcome: { value: RoundOutcome } | null = null;
  /** What learns from a verified round before the next one. */
  private readonly learners: ((verified: VerifyResult, nodes: TreeNodes) => void)[] = [];

  constructor(private readonly session: FakeSession) {}

  committedTail(count: 1 | 2): Rows {
    const out: FakeRows = { count, rows: [] };
    this.step(() => {
      const { text } = this.session.state;
      out.rows = [];
      for (let i = Math.max(0, text.length - count); i < text.length; i++) {
        out.rows.push({
          token: text[i]!,
          position: i,
          slot: i,
          bound: i,
          others: [],
          context: text.slice(0, i + 1),
        });
      }
    });
    return out as unknown as Rows;
  }

  levelRows(tree: Tree, level: number): Rows {
    const t = treeOf(tree);
    expect(level <= t.depth, `level ${level} of a tree that has ${t.depth} so far`);
    return this.treeRows(t, level === 0 ? 1 : t.levels[level - 1]!, (nodes) => nodesAtDepth(nodes, level));
  }

  allRows(tree: Tree): Rows {
    const t = treeOf(tree);
    expect(t.depth === t.levels.length, `all rows of a tree with ${t.depth} of ${t.levels.length} levels`);
    const count = t.levels.reduce((sum, n) => sum + n, 1);
    return this.treeRows(t, count, (nodes) => nodes.token.map((_, id) => id));
  }

  forward(
    model: ModelRole,
    rows: Rows,
    sampler: SamplerSettings,
    learn?: Successors,
    allowed?: AllowedTokens,
  ): Laws {
    const from = rowsOf(rows);
    const fake = this.session[model];
    expect(fake !== null, `a forward pass of the ${model} model, which this session does not have`);
    const out: FakeLaws = { role: model, count: from.count, isGreedy: sampler.temperature === 0, laws: [] };
    let tops: number[][] = [];
    if (learn)
      this.learners.push(({ path }, nodes) =>
        learnSuccessors(successorsOf(learn).table, nodes.token, tops, path),
      );
    this.used.add(model);
    this.work[model === "target" ? "targetForwards" : "draftForwards"]++;
    this.work[model === "target" ? "targetRows" : "draftRows"] += from.count;
    this.step(() => {
      const cache = this.session.caches[model];
      for (const row of from.rows) cache.write(row);
      tops = learn ? from.rows.map((row) => topK(fake.logits(cache.read(row)), successorsOf(learn).k)) : [];
      out.laws = from.rows.map((row) => {
        const text = cache.read(row);
        const only = allowedOf(allowed)?.tokens ?? null;
        return processLogits(fake.logits(text), sampler, { role: model, text, allowed: only });
      });
    });
    return out as unknown as Laws;
  }

  allowedTokens(): AllowedTokens {
    const out: FakeAllowed = {
      tokens: null,
      set: (bits) => {
        out.tokens = new Set(
          [...bits].flatMap((word, w) =>
            Array.from({ length: 32 }, (_, b) => b)
              .filter((b) => ((word >>> b) & 1) === 1)
              .map((b) => 32 * w + b),
          ),
        );
      },
    };
    return out;
  }

  plain(rows: Rows): Laws {
    const from = rowsOf(rows);
    const { target, caches } = this.session;
    const out: FakeLaws = { role: "target", count: 1, isGreedy: false, laws: [] };
    const plain = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
    this.step(() => {
      const text = caches.target.read(from.rows.at(-1)!);
      out.laws = [processLogits(target.logits(text), plain, { role: "target", text })];
    });
    return out as unknown as Laws;
  }

  drawn(laws: Laws): Readable<number> {
    const { outcome } = this;
    expect(outcome !== null, "the law of a token before one was drawn");
    const out: FakeReadable = { value: null, bytes: 4 };
    this.readbackBytes += 4;
    this.steps.push(() => {
      const [token] = outcome.value.tokens;
      if (outcome.value.active && token !== undefined) out.value = lawsOf(laws).laws.at(-1)![token]!;
    });
    return out as unknown as Readable<number>;
  }

  top(laws: Laws, k: number): Readable<TopTokens> {
    const from = lawsOf(laws);
    expect(k >= 1 && k <= 64, `top ${k}; 1 to 64 are possible`);
    return this.readable(8 * k * from.count, () => {
      const best = from.laws.map((law) => topK(law, k));
      return {
        rows: from.laws.length,
        k: best[0]?.length ?? k,
        tokens: Uint32Array.from(best.flat()),
        logprobs: Float32Array.from(best.flatMap((tokens, row) => tokens.map((x) => from.laws[row]![x]!))),
      };
    });
  }

  tree(levels: readonly number[]): Tree {
    const out: FakeTree = {
      levels,
      depth: 0,
      nodes: anchorTree(0),
      draft: [],
      lists: [],
      drafted: null,
      origin: null,
    };
    this.step(() => {
      out.nodes = anchorTree(this.session.state.text.at(-1)!);
      out.draft = [];
      out.lists = [];
    });
    return out as unknown as Tree;
  }

  expand(tree: Tree, laws: Laws, how: Expansion, noisy: boolean): void {
    const t = treeOf(tree);
    const from = lawsOf(laws);
    const level = t.depth++;
    const size = level === 0 ? 1 : t.levels[level - 1]!;
    const grown = grownSize(how, size);
    expect(from.role === "draft", "expansion by a law of the target");
    expect(level === 0 || from.count === size, `${from.count} laws for ${size} nodes`);
    expect(
      t.levels[level] === grown,
      `level ${level + 1} has ${t.levels[level]} nodes, the expansion makes ${grown}`,
    );
    this.step(() => {
      const frontier = nodesAtDepth(t.nodes, level);
      const rows = from.laws.slice(-frontier.length);
      frontier.forEach((node, i) => (t.draft[node] = rows[i]!));
      const { seed, step } = this.session.state;
      const noise = noisy ? { seed, step } : null;
      if (how.kind === "best") t.lists.push(...expandBest(t.nodes, frontier, rows, how, noise));
      else expandTree(t.nodes, frontier, rows, how, noise);
    });
  }

  ranked(tree: Tree, count: number, least: number): Tree {
    const t = treeOf(tree);
    expect(t.depth === t.levels.length && t.depth > 0, "ranking of a tree that is not finished");
    const out: FakeTree = { ...treeOf(this.tree([count])), depth: 1, drafted: t };
    this.step(() => {
      expect(t.lists.length > 0, "ranking of a tree without best levels");
      const ranked = rankTree(t.nodes, t.lists, count, least);
      out.nodes = ranked.tree;
      out.origin = ranked.origin;
      out.draft = ranked.origin.map((id) => t.draft[id]);
    });
    return out as unknown as Tree;
  }

  nodes(tree: Tree): Readable<TreeContents> {
    const t = treeOf(tree);
    return this.readable(NODE_BYTES * t.levels.reduce((sum, n) => sum + n, 1), () => ({
      count: t.nodes.token.length,
      token: Uint32Array.from(t.nodes.token),
      parent: Int32Array.from(t.nodes.parent),
      depth: Uint32Array.from(t.nodes.depth),
      sibling: Uint32Array.from(t.nodes.sibling),
      logq: Float32Array.from(t.nodes.logq),
      phi: Float32Array.from(t.nodes.phi),
      perturbed: Float32Array.from(t.nodes.perturbed),
      origin: Int32Array.from(t.nodes.token, (_, id) =>
        t.drafted ? deviceNumber(t.drafted, t.origin![id]!) : deviceNumber(t, id),
      ),
    }));
  }

  successors(k: number, start?: SuccessorRows): Successors {
    const h: FakeSuccessors = { k, table: new Map(start) };
    return h as unknown as Successors;
  }

  guesses(count: number): Guesses {
    const h: FakeGuesses = { count, tokens: [] };
    return h as unknown as Guesses;
  }

  choose(tree: Tree, how: Choice): void {
    const t = treeOf(tree);
    const size = t.levels.reduce((sum, n) => sum + n, 1);
    expect(t.depth === 0, "tokens chosen for a tree that has levels already");
    t.depth = t.levels.length;
    if (how.kind === "guesses") {
      const g = guessesOf(how.guesses);
      expect(g.count === size - 1, `${g.count} guesses for a chain of ${size - 1}`);
      this.learners.push(({ ends, path }) => (g.tokens = shiftGuesses(g.count, ends, path)));
    }
    this.step(() => {
      const { text } = this.session.state;
      if (how.kind === "template")
        chooseByTemplate(t.nodes, successorsOf(how.successors).table, how.template);
      else if (how.kind === "lookup") appendChain(t.nodes, lookup(text, how.longest, size - 1, how.which));
      else appendChain(t.nodes, guessesOf(how.guesses).tokens);
    });
  }

  commitSample(laws: Laws): Readable<RoundOutcome> {
    const from = lawsOf(laws);
    return this.commit(() => {
      const law = from.laws.at(-1)!;
      const token = sampleRow(law, from.isGreedy ? null : this.session.sampleAddress());
      return {
        tokens: [token],
        logprobs: [law[token]!],
        path: [0],
        extra: from.isGreedy ? "argmax" : "sample",
      };
    });
  }

  commitTree(tree: Tree, target: Laws, rule: VerifyRule): Readable<RoundOutcome> {
    const t = treeOf(tree);
    const from = lawsOf(target);
    expect(from.role === "target", "verification by a law of the draft model");
    expect(rule === "greedy" || !from.isGreedy, "rejection sampling at temperature 0; its rule is greedy");
    return this.commit(() => {
      expect(
        from.laws.length === t.nodes.token.length,
        `${from.laws.length} laws for ${t.nodes.token.length} nodes`,
      );
      const { seed, step } = this.session.state;
      const verified = verifyTree({ tree: t.nodes, target: from.laws, draft: t.draft, rule, seed, step });
      const { path, token } = verified;
      for (const learn of this.learners) learn(verified, t.nodes);
      const tokens = [...path.slice(1).map((id) => t.nodes.token[id]!), token];
      const origins = t.origin ? path.map((id) => t.origin![id]!) : path;
      return { ...verified, origins, tokens, logprobs: tokens.map((x, i) => from.laws[path[i]!]![x]!) };
    });
  }

  /** Ends the recording; the result runs one round and returns what it reads back. */
  finish(reads: ReadableMap): () => Record<string, unknown> {
    const { outcome } = this;
    expect(outcome !== null, "a program without a commit");
    return () => {
      for (const step of this.steps) step();
      return Object.fromEntries(Object.entries(reads).map(([name, r]) => [name, readableOf(r).value]));
    };
  }

  cost(): ProgramCost {
    return { ...this.work, dispatches: this.steps.length, readbackBytes: this.readbackBytes };
  }

  private step(run: () => void): void {
    expect(this.outcome === null, "an operation after the commit");
    this.steps.push(() => {
      if (this.session.state.stop === "none") run();
    });
  }

  private readable<T>(bytes: number, compute: () => T): Readable<T> {
    const out: FakeReadable = { value: null, bytes };
    this.readbackBytes += bytes;
    this.step(() => (out.value = compute()));
    return out as unknown as Readable<T>;
  }

  private treeRows(t: FakeTree, count: number, choose: (nodes: TreeNodes) => number[]): Rows {
    const out: FakeRows = { count, rows: [] };
    this.step(() => {
      const { text } = this.session.state;
      const base = text.length - 1;
      out.rows = choose(t.nodes).map((node) => {
        const path = pathTo(t.nodes, node);
        const tokens = path.slice(1).map((id) => t.nodes.token[id]!);
        return {
          token: t.nodes.token[node]!,
          position: base + t.nodes.depth[node]!,
          slot: base + node,
          bound: base,
          others: path.map((id) => base + id),
          context: [...text, ...tokens],
        };
      });
    });
    return out as unknown as Rows;
  }

  /** Appends the round's tokens, forgets the slots that are not part of the text, and says what happened. */
  private commit(decide: () => Decision): Readable<RoundOutcome> {
    expect(this.outcome === null, "two commits in one program");
    const out: FakeReadable & { value: RoundOutcome } = { value: INACTIVE, bytes: OUTCOME_BYTES };
    this.readbackBytes += OUTCOME_BYTES;
    this.steps.push(() => {
      const { state } = this.session;
      out.value = INACTIVE;
      if (state.stop !== "none") return;
      const n = state.text.length;
      const step = state.step - state.firstStep;
      const decided = decide();
      const taken = this.session.commit(decided.tokens);
      for (const role of this.used) {
        // Of the draft model's slots those of nodes that it was never fed are missing; only the last can be one.
        const path = role === "target" ? decided.path : (decided.origins ?? decided.path);
        const fed = path.filter((id) => id >= 0);
        this.session.caches[role].commit(n - 1, fed, n - 1 + Math.min(taken, fed.length));
      }
      const floats = (values: readonly number[] = []): Float32Array => Float32Array.from(values);
      out.value = {
        active: true,
        step,
        n,
        tokens: Uint32Array.from(decided.tokens.slice(0, taken)),
        logprobs: floats(decided.logprobs.slice(0, taken)),
        path: Uint32Array.from(decided.path),
        extra: decided.extra,
        stop: state.stop,
        logp: floats(decided.logp),
        r: floats(decided.r),
        d: floats(decided.d),
        acceptProb: floats(decided.acceptProb),
        u: floats(decided.u),
        verdict: Uint32Array.from(decided.verdict ?? []),
      };
    });
    this.outcome = out;
    return out as unknown as Readable<RoundOutcome>;
  }
}
