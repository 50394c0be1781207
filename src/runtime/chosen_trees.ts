/** The part of a recorder that chooses trees without a draft model, and what they learn once a round is committed. */
import type { Choice, Guesses, SuccessorRows, Successors } from "../decoding/session";
import {
  draftGuesses,
  draftLookup,
  draftTemplate,
  learnSuccessors,
  shiftGuesses,
} from "../kernels/chosen_tree";
import { NONE } from "../kernels/layouts";
import { topTokens } from "../kernels/top_tokens";
import type { Recording } from "../kernels/tuning";
import type { Allocate, SessionBuffers } from "./handles";

interface SuccessorsHandle {
  /** u32 [V, k] */
  readonly buffer: GPUBuffer;
  readonly k: number;
}
interface GuessesHandle {
  /** u32 [count] */
  readonly buffer: GPUBuffer;
  readonly count: number;
}
/** A tree on the device with room for `cap` nodes. */
interface TreeBuffer {
  readonly buffer: GPUBuffer;
  readonly cap: number;
}
/** What verification left behind. */
interface Verified {
  readonly tree: TreeBuffer;
  readonly scalars: GPUBuffer;
  readonly outcome: GPUBuffer;
}

const successorsOf = (h: Successors): SuccessorsHandle => h as unknown as SuccessorsHandle;
const guessesOf = (h: Guesses): GuessesHandle => h as unknown as GuessesHandle;

export class ChosenTrees {
  private readonly afterCommit: ((verified: Verified) => void)[] = [];

  constructor(
    private readonly rec: Recording,
    private readonly buffers: SessionBuffers,
    private readonly allocate: Allocate,
    private readonly vocabSize: number,
  ) {}

  successors(k: number, start: SuccessorRows = new Map()): Successors {
    const words = new Uint32Array(this.vocabSize * k).fill(NONE);
    for (const [token, row] of start) {
      if (token >= this.vocabSize || row.length !== k)
        throw new Error(
          `a row of ${row.length} successors of token ${token}; expected ${k} of a token below ${this.vocabSize}`,
        );
      words.set(row, token * k);
    }
    const h: SuccessorsHandle = { buffer: this.filled("successors", words), k };
    return h as unknown as Successors;
  }

  guesses(count: number): Guesses {
    const unknown = new Uint32Array(count).fill(NONE);
    const h: GuessesHandle = { buffer: this.filled("guesses", unknown), count };
    return h as unknown as Guesses;
  }

  choose(tree: TreeBuffer, how: Choice): void {
    const { rec } = this;
    const to = { tree: tree.buffer, cap: tree.cap };
    switch (how.kind) {
      case "template": {
        const { parent, rank } = how.template;
        if (parent.length !== tree.cap)
          throw new Error(`a template of ${parent.length} nodes for a tree of ${tree.cap}`);
        const plan = this.filled("plan", Uint32Array.from(parent.flatMap((p, i) => [p, rank[i]!])));
        const { buffer, k } = successorsOf(how.successors);
        draftTemplate(rec, { ...to, successors: buffer, k, plan });
        return;
      }
      case "lookup": {
        const { ctl, seq } = this.buffers;
        draftLookup(rec, { ...to, ctl, seq, longest: how.longest, which: how.which });
        return;
      }
      case "guesses": {
        const { buffer, count } = guessesOf(how.guesses);
        if (count !== tree.cap - 1) throw new Error(`${count} guesses for a chain of ${tree.cap - 1}`);
        draftGuesses(rec, { ...to, guesses: buffer });
        this.afterCommit.push(({ scalars, outcome }) =>
          shiftGuesses(rec, { ...to, guesses: buffer, scalars, outcome }),
        );
        return;
      }
    }
  }

  /** `logits`: f32 [rows, V] of all nodes, before sampling settings change them. */
  learn(h: Successors, logits: GPUBuffer, rows: number): void {
    const { buffer, k } = successorsOf(h);
    const tops = this.allocate("tops", 8 * rows * k);
    topTokens(this.rec, { laws: logits, firstRow: 0, T: rows, vocabSize: this.vocabSize, k, out: tops });
    this.afterCommit.push(({ tree, outcome }) =>
      learnSuccessors(this.rec, { tree: tree.buffer, cap: tree.cap, successors: buffer, k, tops, outcome }),
    );
  }

  /** Records what has to happen between verification and the next round. */
  recordLearning(verified: Verified): void {
    for (const record of this.afterCommit) record(verified);
  }

  private filled(label: string, words: Uint32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.allocate(label, words.byteLength);
    this.rec.list.engine.gpu.device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }
}
