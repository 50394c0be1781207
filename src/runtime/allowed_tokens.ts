/** A set of tokens on the device that laws are held to. */
import { assert } from "../base/errors";
import type { Engine } from "../engine/dispatch_list";
import type { Allocate, AllowedHandle } from "./handles";

export class GpuAllowedTokens implements AllowedHandle {
  /** u32 [ceil(V / 32)], one bit a token. */
  readonly buffer: GPUBuffer;
  private readonly words: number;

  constructor(
    private readonly engine: Engine,
    allocate: Allocate,
    vocabSize: number,
  ) {
    this.words = Math.ceil(vocabSize / 32);
    this.buffer = allocate("allowed", 4 * this.words);
    this.set(new Uint32Array(this.words).fill(0xffffffff));
  }

  set(bits: Uint32Array<ArrayBuffer>): void {
    assert(bits.length === this.words, `${bits.length} words of allowed tokens, expected ${this.words}`);
    this.engine.gpu.device.queue.writeBuffer(this.buffer, 0, bits);
  }
}
