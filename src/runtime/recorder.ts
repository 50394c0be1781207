/** The recording half of a session: turns a method's operations into kernel dispatches on shared buffers. */
import type {
  AllowedTokens,
  Choice,
  Expansion,
  Guesses,
  ModelRole,
  Readable,
  Recorder,
  Rows,
  Laws,
  Tree,
  RoundOutcome,
  SuccessorRows,
  Successors,
  TopTokens,
  TreeContents,
  VerifyRule,
} from "../decoding/session";
import { candidateWords, expandTree, levelSize } from "../kernels/expand_tree";
import { lawAt } from "../kernels/law_at";
import { outcomeWords, ROW_BIT_WORDS, ROW_WORDS, treeWords } from "../kernels/layouts";
import { matvecHead } from "../kernels/matvec_head";
import { processLogits } from "../kernels/process_logits";
import { rankTree } from "../kernels/rank_tree";
import { rowsTree } from "../kernels/rows";
import { sampleCommit } from "../kernels/sample_commit";
import { topTokens } from "../kernels/top_tokens";
import { treeReset } from "../kernels/tree_reset";
import type { Recording } from "../kernels/tuning";
import { isPointRule, scalarWords, verifyTree } from "../kernels/verify_tree";
import type { SamplerSettings } from "../trace/events";
import { GpuAllowedTokens } from "./allowed_tokens";
import type { ChosenTrees } from "./chosen_trees";
import type { DrawableLaws } from "./drawable_laws";
import type { RowBuffers } from "./gpu_model";
import {
  asLaws,
  asRows,
  asTree,
  checkLaw,
  lawsOf,
  lawsWhile,
  readable,
  rowsOf,
  treeOf,
  type Allocate,
  type AllowedHandle,
  type Counted,
  type LawsHandle,
  type RoleState,
  type RowsHandle,
  type SessionBuffers,
  type TreeHandle,
} from "./handles";
import type * as Parts from "./round_parts";
import { growthOf, listsOf } from "./tree_growth";
import { decodeOutcome, decodeTop, decodeTree } from "./outcome";

/** A model's own law. */
const PLAIN: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/** One recorder per program; its handles mean nothing to another. */
export class GpuRecorder implements Recorder {
  readonly counted: Counted = { targetForwards: 0, targetRows: 0, draftForwards: 0, draftRows: 0 };
  private readonly laws = new Map<ModelRole, GPUBuffer>();
  private readonly used = new Set<ModelRole>();
  private readonly chosen: ChosenTrees;
  /** The target's last law, if it may be drawn from in the head's own pass. */
  private drawable: DrawableLaws | null = null;
  /** What the round decided, once it is recorded. */
  private committed: GPUBuffer | null = null;

  constructor(
    private readonly rec: Recording,
    private readonly buffers: SessionBuffers,
    private readonly allocate: Allocate,
    /** Most laws of one role a program may hold at once. */
    private readonly maxNodes: number,
    /** What the device counts rounds from. */
    private readonly firstStep: number,
    /** Fetched with the first round. */
    private readonly parts: typeof Parts,
  ) {
    this.chosen = new parts.ChosenTrees(rec, buffers, allocate, this.role("target").model.facts.vocabSize);
  }

  committedTail(count: 1 | 2): Rows {
    const b = this.rowBuffers(count);
    const { ctl, seq } = this.buffers;
    return asRows({ ...b, tail: { ctl, seq }, tree: null, lawFirst: count - 1, lawCount: 1, lawAt: 0 });
  }

  levelRows(tree: Tree, level: number): Rows {
    const t = treeOf(tree);
    if (level > t.built) throw new Error(`the tree has ${t.built} levels so far, asked for level ${level}`);
    return this.treeRows(t, t.starts[level]!, t.starts[level + 1]! - t.starts[level]!);
  }

  allRows(tree: Tree): Rows {
    const t = treeOf(tree);
    if (t.built !== t.starts.length - 2)
      throw new Error("the tree is not finished: not every level was expanded");
    return this.treeRows(t, 0, t.cap);
  }

  private treeRows(t: TreeHandle, from: number, count: number): Rows {
    const b = this.rowBuffers(count);
    rowsTree(this.rec, {
      ctl: this.buffers.ctl,
      tree: t.buffer,
      rows: b.rows,
      bits: b.bits,
      from,
      count,
      cap: t.cap,
    });
    return asRows({ ...b, tree: t, lawFirst: 0, lawCount: count, lawAt: from });
  }

  forward(
    role: ModelRole,
    rows: Rows,
    sampler: SamplerSettings,
    learn?: Successors,
    allowed?: AllowedTokens,
  ): Laws {
    const r = rowsOf(rows);
    const { model, state } = this.role(role);
    this.used.add(role);
    if (role === "target") {
      this.drawable?.settle();
      this.drawable = null;
    }
    const forwards = ++this.counted[`${role}Forwards`];
    this.counted[`${role}Rows`] += r.count;
    state.recordLayers(this.rec, r);
    const { temperature } = sampler;
    const isPresent = (): boolean => role === "draft" || this.counted.targetForwards === forwards;
    const checkPresent = (): void => checkLaw(isPresent());
    const full = (): GPUBuffer => {
      const logits = this.lawBuffer(role, model.facts.vocabSize);
      matvecHead(this.rec, { ...state.head, logits, T: r.lawCount, firstRow: r.lawFirst, outRow: r.lawAt });
      if (learn) this.chosen.learn(learn, logits, r.lawCount);
      // At temperature 0 drafts are still ranked by their own softmax, while the target's law is one-hot.
      const own = role === "draft" && temperature === 0 ? 1 : temperature;
      this.process(logits, r, role, { ...sampler, temperature: own }, allowed);
      return logits;
    };
    const isOne = role === "target" && !r.tree && r.lawCount === 1 && !learn && !allowed;
    if (
      !isOne ||
      this.parts.fusedOf(this.rec) === this.parts.Fused.NEVER ||
      !this.parts.isDrawable(sampler, model.facts.vocabSize)
    ) {
      return lawsWhile(checkPresent, full(), { role, at: r.lawAt, count: r.lawCount, temperature });
    }
    this.drawable = new this.parts.DrawableLaws({
      ...{ rec: this.rec, allocate: this.allocate, head: state.head, row: r.lawFirst },
      ...{ model: model.facts.id, temperature, checkPresent, full },
      top: (laws, k, out) => this.listTop({ buffer: laws, at: 0, count: 1, role }, k, out),
    });
    return asLaws(this.drawable);
  }

  /** To be called when all is recorded. */
  finish(): void {
    this.drawable?.settle();
  }

  /** Raw logits of the rows become laws, in place. */
  private process(
    logits: GPUBuffer,
    r: RowsHandle,
    role: ModelRole,
    sampler: SamplerSettings,
    allowed?: AllowedTokens,
  ): void {
    processLogits(this.rec, {
      logits,
      ctl: this.buffers.ctl,
      seq: this.buffers.seq,
      tree: r.tree ? { buffer: r.tree.buffer, cap: r.tree.cap, from: r.lawAt } : null,
      allowed: allowed ? (allowed as AllowedHandle).buffer : null,
      firstRow: r.lawAt,
      T: r.lawCount,
      vocabSize: this.role(role).model.facts.vocabSize,
      ...sampler,
    });
  }

  allowedTokens(): AllowedTokens {
    const { vocabSize } = this.role("target").model.facts;
    return new GpuAllowedTokens(this.rec.list.engine, this.allocate, vocabSize);
  }

  plain(rows: Rows): Laws {
    const r = rowsOf(rows);
    const { model, state } = this.role("target");
    if (r.tree) throw new Error("plain laws are of rows outside trees");
    const logits = this.allocate("plain", 4 * model.facts.vocabSize, model.facts.id);
    matvecHead(this.rec, { ...state.head, logits, T: 1, firstRow: r.lawFirst });
    this.process(logits, { ...r, lawAt: 0, lawCount: 1 }, "target", PLAIN);
    return asLaws({ buffer: logits, role: "target", at: 0, count: 1, temperature: 1 });
  }

  top(laws: Laws, k: number): Readable<TopTokens> {
    const l = lawsOf(laws);
    const bytes = 2 * 4 * l.count * k;
    let out = l.drawable?.list(k) ?? null;
    if (!out) this.listTop(l, k, (out = this.allocate("top", bytes)));
    return readable<TopTokens>({ buffer: out, bytes, decode: (b, at) => decodeTop(b, at, l.count, k) });
  }

  private listTop(l: Pick<LawsHandle, "buffer" | "at" | "count" | "role">, k: number, out: GPUBuffer): void {
    const { vocabSize } = this.role(l.role).model.facts;
    topTokens(this.rec, { laws: l.buffer, firstRow: l.at, T: l.count, vocabSize, k, out });
  }

  tree(levels: readonly number[]): Tree {
    const starts = [0, 1];
    for (const n of levels) starts.push(starts.at(-1)! + n);
    const cap = starts.at(-1)!;
    if (cap > this.maxNodes)
      throw new Error(`a tree of ${cap} nodes, the session was opened for ${this.maxNodes}`);
    const buffer = this.allocate("tree", 4 * treeWords(cap));
    treeReset(this.rec, { ctl: this.buffers.ctl, seq: this.buffers.seq, tree: buffer, cap });
    return asTree({ buffer, cap, starts, built: 0, lists: null });
  }

  ranked(tree: Tree, count: number, least: number): Tree {
    const t = treeOf(tree);
    if (!t.lists || t.built !== t.starts.length - 2)
      throw new Error("only a finished tree of best levels has candidates to rank");
    const ranked = this.tree([count]);
    rankTree(this.rec, {
      drafted: t.buffer,
      draftedCap: t.cap,
      candidates: t.lists.buffer,
      lists: t.starts[t.built]!,
      listed: t.lists.children,
      tree: treeOf(ranked).buffer,
      cap: count + 1,
      least,
    });
    treeOf(ranked).built = 1;
    return ranked;
  }

  expand(tree: Tree, laws: Laws, how: Expansion, noisy: boolean): void {
    const t = treeOf(tree);
    const l = lawsOf(laws);
    const level = t.built;
    const from = t.starts[level]!;
    const rows = t.starts[level + 1]! - from;
    const next = t.starts[level + 1]!;
    const size = (t.starts[level + 2] ?? next) - next;
    if (l.role !== "draft" || l.at !== from || l.count !== rows)
      throw new Error("the laws are not those of the deepest level");
    const growth = growthOf(how, rows, this.allocate, this.rec.list.engine);
    const expected = levelSize(growth, rows);
    if (size !== expected)
      throw new Error(`level ${level + 1} was declared with ${size} nodes, the expansion makes ${expected}`);
    expandTree(this.rec, {
      laws: l.buffer,
      ctl: this.buffers.ctl,
      tree: t.buffer,
      cap: t.cap,
      candidates:
        growth.kind === "best"
          ? listsOf(t, growth, this.allocate)
          : this.allocate("candidates", 4 * candidateWords(rows, growth)),
      from,
      rows,
      next,
      how: growth,
      vocabSize: this.role("draft").model.facts.vocabSize,
      noisy,
    });
    t.built++;
  }

  nodes(tree: Tree): Readable<TreeContents> {
    const { buffer, cap } = treeOf(tree);
    return readable<TreeContents>({
      buffer,
      bytes: 4 * treeWords(cap),
      decode: (b, at) => decodeTree(b, at, cap),
    });
  }

  successors(k: number, start?: SuccessorRows): Successors {
    return this.chosen.successors(k, start);
  }

  guesses(count: number): Guesses {
    return this.chosen.guesses(count);
  }

  choose(tree: Tree, how: Choice): void {
    const t = treeOf(tree);
    if (t.built !== 0) throw new Error("the tree has levels already");
    this.chosen.choose(t, how);
    t.built = t.starts.length - 2;
  }

  commitSample(laws: Laws): Readable<RoundOutcome> {
    const l = lawsOf(laws);
    const outcome = this.outcome(1);
    const { ctl, seq } = this.buffers;
    if (!l.drawable?.draw({ ctl, seq, outcome })) {
      const { vocabSize } = this.role(l.role).model.facts;
      const row = l.at + l.count - 1;
      const greedy = l.temperature === 0;
      sampleCommit(this.rec, { laws: l.buffer, row, ctl, seq, outcome, vocabSize, greedy });
    }
    return this.outcomeReadable(outcome, 1);
  }

  drawn(laws: Laws): Readable<number> {
    const l = lawsOf(laws);
    const outcome = this.committed;
    if (!outcome) throw new Error("nothing was drawn yet");
    const out = this.allocate("drawn", 4);
    const { vocabSize } = this.role(l.role).model.facts;
    lawAt(this.rec, { laws: l.buffer, row: l.at + l.count - 1, outcome, vocabSize, out });
    const decode = (b: ArrayBuffer, at: number): number => new Float32Array(b, at, 1)[0]!;
    return readable<number>({ buffer: out, bytes: 4, decode });
  }

  commitTree(tree: Tree, target: Laws, rule: VerifyRule): Readable<RoundOutcome> {
    const t = treeOf(tree);
    const p = lawsOf(target);
    // Point rules look at no draft law; the binding must hold something.
    const q = this.laws.get("draft") ?? (isPointRule(rule) ? p.buffer : null);
    if (!q) throw new Error("the tree has no draft laws");
    const { ctl, seq } = this.buffers;
    const vocabSize = this.role("target").model.facts.vocabSize;
    const cap = t.cap;
    const outcome = this.outcome(cap);
    const scalars = this.allocate("scalars", 4 * scalarWords(cap));
    verifyTree(this.rec, {
      ctl,
      seq,
      tree: t.buffer,
      cap,
      vocabSize,
      targetLaws: p.buffer,
      draftLaws: q,
      scalars,
      outcome,
      rule,
    });
    for (const role of this.used) {
      const path = role === "draft" ? "ORIGINS" : "PATH";
      this.role(role).state.recordCompaction(this.rec, { ctl, outcome, cap, path });
    }
    this.chosen.recordLearning({ tree: t, scalars, outcome });
    return this.outcomeReadable(outcome, cap);
  }

  private outcome(cap: number): GPUBuffer {
    if (this.committed) throw new Error("a program commits once");
    this.committed = this.allocate("outcome", 4 * outcomeWords(cap));
    return this.committed;
  }

  private outcomeReadable(buffer: GPUBuffer, cap: number): Readable<RoundOutcome> {
    return readable<RoundOutcome>({
      buffer,
      bytes: 4 * outcomeWords(cap),
      decode: (b, at) => decodeOutcome(b, at, cap, this.firstStep),
    });
  }

  private rowBuffers(count: number): RowBuffers {
    return {
      rows: this.allocate("rows", 4 * ROW_WORDS * count),
      bits: this.allocate("bits", 4 * ROW_BIT_WORDS * count),
      count,
    };
  }

  /** One law buffer per role; the row of a tree node's law is its id. */
  private lawBuffer(role: ModelRole, vocabSize: number): GPUBuffer {
    let buffer = this.laws.get(role);
    if (!buffer) {
      buffer = this.allocate(`${role}_laws`, 4 * this.maxNodes * vocabSize, this.role(role).model.facts.id);
      this.laws.set(role, buffer);
    }
    return buffer;
  }

  private role(role: ModelRole): RoleState {
    const r = this.buffers.roles[role];
    if (!r) throw new Error(`this session has no ${role} model`);
    return r;
  }
}
