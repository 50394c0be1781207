/**
 * What order of events is legal, and that they agree with one another. Used on imported files and links and on
 * everything a method yields in tests. docs/trace.md says the same in words; the two change together.
 */
import { DecoscopeError } from "../base/errors";
import { isCanvasEvent, type CanvasKind } from "./canvas_events";
import { CanvasChecker } from "./canvas_rules";
import { isDepthEvent, type DepthKind } from "./depth_events";
import { DepthChecker } from "./depth_rules";
import type {
  CandidatesEvent,
  CommitEvent,
  MethodEvent,
  PiecesEvent,
  SlotsEvent,
  TraceEvent,
} from "./events";
import { checkBegin, checkCost, checkKernelTime, checkPieces, checkSlots, checkTop } from "./event_rules";
import { hashTokens } from "./hash";
import { newStep } from "./grammar_step";
import { checkCommit, checkDraft, checkVerify } from "./tree_rules";
import { expect, isCount, Violation } from "./violation";

/** The first rule that was broken, and by which event. */
export interface TraceProblem {
  /** Index of the event; the number of events if something was missing at the end. */
  readonly index: number;
  /** Names the event, what was expected and what was found. */
  readonly message: string;
}

export interface GrammarOptions {
  /** Prompt of a method's own events, which have no run_start, run_end, pieces, kernel_time and no `ms`. */
  readonly methodPrompt?: readonly number[];
  /** Accept a trace that breaks off: a run still going, or a method that was returned from. */
  readonly mayBreakOff?: boolean;
}

const isToken = (token: number | null): token is number => token !== null;

/** Kinds that the runner alone adds. */
const RUNNER_KINDS: ReadonlySet<string> = new Set(["run_start", "run_end", "pieces", "kernel_time"]);

/** Kinds of rounds that append to a text. */
const ROUND_KINDS: ReadonlySet<string> = new Set([
  "candidates",
  "draft",
  "verify",
  "commit",
  "retract",
  "state",
  "recur",
  "depth",
  "wave",
]);

/**
 * Checks events one at a time. After the first problem it only repeats it. Memory grows with the text and the
 * number of different tokens, not with the number of events.
 */
export class TraceChecker {
  private index = 0;
  private found: TraceProblem | null = null;
  private lastMs = 0;
  private step = newStep(0, 0);
  private promptLength = 0;
  /** Tokens given after the prompt. */
  private givenLength = 0;
  /** The whole text, prompt included. Null only for positions that a canvas is to fill in. */
  private text: (number | null)[] = [];
  private maxNewTokens = Infinity;
  private hasDraftModel = true;
  private isStarted = false;
  private isPrefilled = false;
  /** Set in runs that fill a canvas. */
  private canvas: CanvasChecker | null = null;
  private readonly depth = new DepthChecker((token) => this.mention(token));
  /** Step whose commit left out part of its path: the text ended there. */
  private cutOffStep: number | null = null;
  private isEnded = false;
  private readonly pieces = new Map<number, string>();

  constructor(private readonly options: GrammarOptions = {}) {
    if (options.methodPrompt) {
      this.text = [...options.methodPrompt];
      this.promptLength = this.text.length;
      this.step = newStep(0, this.text.length);
      this.isStarted = true;
    }
  }

  /** The problem found so far, if any. */
  get problem(): TraceProblem | null {
    return this.found;
  }

  /** Checks the next event; returns the first problem of the trace so far. */
  push(e: TraceEvent | MethodEvent): TraceProblem | null {
    if (this.found) return this.found;
    this.attempt(`event ${this.index} (${e.kind}, step ${e.step})`, () => {
      this.checkPlace(e);
      if (ROUND_KINDS.has(e.kind) || e.kind === "cost") this.checkRound(e);
      if (isCanvasEvent(e)) this.checkCanvas(e);
      else if (isDepthEvent(e)) this.depth.push(e, this.text.length);
      else this.checkKind(e);
    });
    this.index++;
    return this.found;
  }

  /** Takes note of an event of a kind this version does not know: only its place is checked. */
  skip(e: { readonly kind: string; readonly step: number; readonly ms: number }): TraceProblem | null {
    if (this.found) return this.found;
    this.attempt(`event ${this.index} (${e.kind}, step ${e.step})`, () => {
      this.checkPlace(e);
    });
    this.index++;
    return this.found;
  }

  /** Says that no more events come; returns the first problem of the whole trace. */
  end(): TraceProblem | null {
    if (this.found) return this.found;
    this.attempt(`end after ${this.index} events`, () => {
      expect(this.isStarted, "run_start as the first event", "no events");
      if (this.options.mayBreakOff) return;
      if (!this.options.methodPrompt) expect(this.isEnded, "run_end as the last event", "none");
      else this.finishStep();
    });
    return this.found;
  }

  private attempt(where: string, check: () => void): void {
    try {
      check();
    } catch (thrown) {
      if (!(thrown instanceof Violation)) throw thrown;
      this.found = { index: this.index, message: `${where}: ${thrown.message}` };
    }
  }

  private checkPlace(e: { readonly kind: string; readonly step: number; readonly ms?: number }): void {
    expect(!this.isEnded, "nothing after run_end", e.kind);
    if (this.options.methodPrompt) {
      expect(!RUNNER_KINDS.has(e.kind), "only events that methods yield", e.kind);
    } else {
      expect(this.isStarted || e.kind === "run_start", "run_start as the first event", e.kind);
      const ms = e.ms ?? NaN;
      expect(ms >= this.lastMs && ms < Infinity, () => `a finite ms of at least ${this.lastMs}`, ms);
      this.lastMs = ms;
    }
    this.enterStep(e);
  }

  private checkRound(e: { readonly kind: string; readonly step: number }): void {
    if (this.canvas) expect(e.kind === "cost", "no round of a growing text after a canvas", e.kind);
    else expect(this.isPrefilled, "prefill before the first event of a round", e.kind);
    const isOver = this.cutOffStep !== null && e.step > this.cutOffStep;
    expect(
      !isOver,
      () => `no round after step ${this.cutOffStep}, whose commit left out part of its path`,
      e.kind,
    );
  }

  private enterStep(e: { readonly kind: string; readonly step: number }): void {
    const now = this.step.number;
    if (e.kind === "run_end") {
      expect(e.step === now, () => `step ${now}, that of the event before`, e.step);
      return;
    }
    const choices = e.kind === "run_start" || e.kind === "prefill" ? "0" : `${now} or ${now + 1}`;
    const isNext = e.step === now + 1 && choices !== "0";
    expect(e.step === now || isNext, () => `step ${choices}`, e.step);
    if (!isNext) return;
    this.finishStep();
    this.step = newStep(e.step, this.text.length);
  }

  /** A drafted tree must have been judged and its path committed before the next step begins. */
  private finishStep(): void {
    const { tree, verify, isCommitted, number } = this.step;
    if (!tree) return;
    expect(verify !== null, () => `a verify event for the draft of step ${number}`, "none");
    expect(isCommitted, () => `a commit of the path verified in step ${number}`, "none");
  }

  private checkCanvas(e: Extract<TraceEvent | MethodEvent, { kind: CanvasKind }>): void {
    if (e.kind === "canvas") {
      expect(!this.isPrefilled && !this.canvas, "one prefill or one canvas", "a second one");
      this.canvas = new CanvasChecker(e, this.text, (token) => this.mention(token));
      return;
    }
    expect(this.canvas !== null, "canvas before the first event of a step", e.kind);
    this.canvas.push(e);
  }

  private checkKind(e: Exclude<TraceEvent | MethodEvent, { kind: CanvasKind | DepthKind }>): void {
    switch (e.kind) {
      case "run_start":
        expect(!this.isStarted, "one run_start", "a second one");
        this.isStarted = true;
        if (e.begin) checkBegin(e.begin, e.maxNewTokens);
        this.promptLength = e.promptTokens.length;
        this.givenLength = e.begin?.tokens.length ?? 0;
        this.text = [...e.promptTokens, ...(e.begin?.tokens ?? [])];
        this.step = newStep(0, this.text.length);
        this.maxNewTokens = e.maxNewTokens;
        this.hasDraftModel = e.draft !== null;
        return;
      case "prefill":
        expect(!this.isPrefilled && !this.canvas, "one prefill or one canvas", "a second one");
        expect(!this.text.includes(null), "a canvas where given tokens leave positions open", e.kind);
        expect(
          isCount(e.tokens) && e.tokens <= this.text.length,
          () => `prefill of 0 to ${this.text.length} tokens, the prompt's`,
          e.tokens,
        );
        this.isPrefilled = true;
        return;
      case "candidates":
        this.checkCandidates(e);
        return;
      case "draft":
        expect(this.step.tree === null, () => `one draft in step ${e.step}`, "a second one");
        expect(!this.step.isCommitted, "the draft before the commit of its step", "a draft after it");
        this.step.tree = checkDraft(e);
        expect(
          e.nodes[0]!.token === this.text.at(-1),
          () => `the last committed token (${this.text.at(-1)}) as the anchor`,
          e.nodes[0]!.token,
        );
        for (const n of e.nodes) this.mention(n.token);
        return;
      case "verify":
        expect(this.step.tree !== null, () => `a draft in step ${e.step} to verify`, "none");
        expect(this.step.verify === null, () => `one verify in step ${e.step}`, "a second one");
        checkVerify(e, this.step.tree);
        this.step.verify = { path: e.path, extra: e.extra };
        return;
      case "commit":
        this.follow(e);
        return;
      case "retract": {
        const least = this.promptLength + this.givenLength;
        const most = this.text.length - 1;
        expect(
          this.step.tree === null || this.step.isCommitted,
          "no retract between a draft and its commit",
          "one",
        );
        expect(e.from >= least && e.from <= most, () => `from in ${least} to ${most}`, e.from);
        this.text.length = e.from;
        // Another continuation may now be committed in the same step.
        if (this.step.tree === null) this.step.isCommitted = false;
        return;
      }
      case "state":
        this.checkState(e);
        return;
      case "cost":
        expect(!this.step.hasCost, () => `one cost in step ${e.step}`, "a second one");
        this.step.hasCost = true;
        checkCost(e);
        return;
      case "kernel_time":
        checkKernelTime(e);
        return;
      case "pieces":
        this.learnPieces(e);
        return;
      case "warning":
        return;
      case "run_end": {
        const isBroken = e.reason === "cancelled" || e.reason === "error";
        if (!isBroken) this.finishStep();
        expect(
          (e.error !== null) === (e.reason === "error"),
          `an error exactly if the reason is "error"`,
          e.reason,
        );
        const committed = this.canvas?.committed() ?? this.text.slice(this.promptLength).filter(isToken);
        const hash = hashTokens(committed);
        expect(e.hash === hash, () => `hash ${hash}, of the ${committed.length} tokens committed`, e.hash);
        this.isEnded = true;
        return;
      }
    }
  }

  private mention(token: number): void {
    expect(isCount(token), "token ids as whole numbers of at least 0", token);
    if (!this.options.methodPrompt)
      expect(
        this.pieces.has(token),
        () => `the text of token ${token} in a pieces event before its first mention`,
        "none",
      );
  }

  private checkCandidates(e: Omit<CandidatesEvent, "ms">): void {
    const { base, tree } = this.step;
    if (e.node === null) {
      const last = Math.max(base, this.text.length);
      expect(
        e.position >= base && e.position <= last,
        () => `a position from ${base} to ${last}`,
        e.position,
      );
    } else {
      expect(tree !== null, () => `the draft of step ${e.step} before candidates at its nodes`, "none");
      const node = tree.nodes[e.node];
      expect(node !== undefined, () => `a node from 0 to ${tree.nodes.length - 1}`, e.node);
      const position = base + node.depth;
      expect(
        e.position === position,
        () => `position ${position}, after node ${e.node} of depth ${node.depth}`,
        e.position,
      );
    }
    for (const [token] of e.top) this.mention(token);
    checkTop(e.top);
  }

  private follow(e: Omit<CommitEvent, "ms">): void {
    const { step } = this;
    const count = e.tokens.length;
    expect(!step.isCommitted, () => `one commit in step ${e.step}`, "a second one");
    expect(step.tree === null || step.verify !== null, "verify before the commit of a drafted tree", "none");
    checkCommit(e, step.verify && step.tree ? { ...step.verify, nodes: step.tree.nodes } : null);
    this.depth.commit(e.step, e.tokens);
    const most = this.promptLength + this.maxNewTokens;
    expect(
      this.text.length + count <= most,
      () => `at most ${this.maxNewTokens} new tokens (maxNewTokens)`,
      this.text.length + count - this.promptLength,
    );
    e.tokens.forEach((token, i) => {
      const position = this.text.length;
      expect(e.positions[i] === position, () => `position ${position} next`, e.positions[i]);
      this.mention(token);
      this.text.push(token);
    });
    step.isCommitted = true;
    if (step.verify && count < step.verify.path.length) this.cutOffStep = e.step;
  }

  private checkState(e: Omit<SlotsEvent, "ms">): void {
    expect(
      !this.step.states.has(e.of),
      () => `one state of the ${e.of} model in step ${e.step}`,
      "a second one",
    );
    this.step.states.add(e.of);
    expect(e.of === "target" || this.hasDraftModel, "no state of a draft model in a run without one", "one");
    checkSlots(e);
  }

  private learnPieces(e: Omit<PiecesEvent, "ms">): void {
    checkPieces(e);
    const partial = new Map(e.partial);
    e.tokens.forEach((token, i) => {
      const said = JSON.stringify([e.texts[i], partial.get(token) ?? null]);
      const before = this.pieces.get(token);
      expect(
        before === undefined || before === said,
        () => `the same text for token ${token} as before, ${before}`,
        said,
      );
      this.pieces.set(token, said);
    });
  }
}

/** The first problem of a whole trace (or of a method's events, see {@link GrammarOptions}); null if it is legal. */
export function checkTrace(
  events: Iterable<TraceEvent | MethodEvent>,
  options: GrammarOptions = {},
): TraceProblem | null {
  const checker = new TraceChecker(options);
  for (const e of events) if (checker.push(e)) return checker.problem;
  return checker.end();
}

/** @throws DecoscopeError "load" with the first problem, if there is one */
export function assertLegalTrace(events: Iterable<TraceEvent>, options: GrammarOptions = {}): void {
  const problem = checkTrace(events, options);
  if (problem) throw new DecoscopeError("load", `this is not a legal trace: ${problem.message}`);
}
