/**
 * A law that may be no more than drawn from, with its most probable tokens: then one pass of the head does all of it and no row
 * as long as the vocabulary is written. Whoever asks for the law itself gets it, by the head and what follows it.
 */
import type { HeadInput } from "../kernels/matvec_head";
import { foundWords, Fused, fusedOf, MAX_DRAWN_TOP, matvecDraw } from "../kernels/matvec_draw";
import type { Recording } from "../kernels/tuning";
import type { SamplerSettings } from "../trace/events";
import type { Allocate, LawsHandle } from "./handles";

/** Whether settings leave the order of tokens as the logits have it, and none out. */
export const isDrawable = (
  { topK, topP, minP, repetitionPenalty }: SamplerSettings,
  vocabSize: number,
): boolean => (topK === 0 || topK >= vocabSize) && topP >= 1 && minP === 0 && repetitionPenalty === 1;

interface DrawableOptions {
  readonly rec: Recording;
  readonly allocate: Allocate;
  readonly head: HeadInput;
  /** Row of the head's input. */
  readonly row: number;
  readonly model: string;
  readonly temperature: number;
  /** @throws Error once other rows took the place of those that this law is of */
  readonly checkPresent: () => void;
  /** Records the law by itself and says where it is; at row 0. */
  readonly full: () => GPUBuffer;
  /** Records the k best of a law that is there. */
  readonly top: (laws: GPUBuffer, k: number, out: GPUBuffer) => void;
}

export class DrawableLaws implements LawsHandle {
  readonly role = "target";
  readonly at = 0;
  readonly count = 1;
  private law: GPUBuffer | null = null;
  /** The list that the draw is to fill. */
  private listed: { readonly k: number; readonly found: GPUBuffer } | null = null;
  private isDrawn = false;

  constructor(private readonly o: DrawableOptions) {}

  get temperature(): number {
    return this.o.temperature;
  }

  get drawable(): this {
    return this;
  }

  get buffer(): GPUBuffer {
    this.o.checkPresent();
    return (this.law ??= this.o.full());
  }

  /**
   * Where the k best will be: tokens u32 [k], then logprobs f32 [k]; null if the law has to be asked, as where drawing and
   * listing in one pass is slower.
   */
  list(k: number): GPUBuffer | null {
    const { rec, allocate, model } = this.o;
    this.o.checkPresent();
    if (fusedOf(rec) !== Fused.WITH_LIST) return null;
    if (this.law || this.isDrawn || this.listed || k > MAX_DRAWN_TOP) return null;
    const found = allocate("top", 4 * foundWords(k), model);
    this.listed = { k, found };
    return found;
  }

  /** Draws and commits in the head's pass; false if the law is there and has to be drawn from. */
  draw(into: { readonly ctl: GPUBuffer; readonly seq: GPUBuffer; readonly outcome: GPUBuffer }): boolean {
    this.o.checkPresent();
    if (this.law || this.isDrawn) return false;
    const { rec, allocate, head, row, temperature, model } = this.o;
    const { k, found } = this.listed ?? { k: 0, found: allocate("drawn", 4 * foundWords(0), model) };
    const make = (bytes: number): GPUBuffer => allocate("pieces", bytes, model);
    matvecDraw(rec, { ...head, ...into, row, temperature, k, found, allocate: make });
    this.isDrawn = true;
    return true;
  }

  /** To be called before the head's input changes, and at the end of a round: what was asked for and not drawn is made now. */
  settle(): void {
    if (!this.isDrawn && this.listed) this.o.top(this.buffer, this.listed.k, this.listed.found);
    this.listed = null;
  }
}
