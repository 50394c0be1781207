/** Holds a text to a grammar, token by token, and sees to it that it comes to its end before the tokens run out. */
import { DecoscopeError } from "../../base/errors";
import { Automaton, type State } from "./automaton";
import type { Grammar } from "./grammar";
import type { Reach, TokenBytes, Vocabulary } from "./vocabulary";

/** States whose tokens are remembered: a set of them takes some 20 kB at 150,000 tokens. */
const REMEMBERED = 512;

export class JsonWriter {
  private readonly automaton: Automaton;
  private readonly reached = new Map<State, Reach>();
  private state: State | null;
  private left: number;

  /**
   * @param endTokens may follow once the text is whole
   * @param maxNewTokens tokens there are for the text
   * @throws DecoscopeError "method" if no text satisfies the grammar, or none that is so short
   */
  constructor(
    grammar: Grammar,
    private readonly vocabulary: Vocabulary,
    private readonly tokenizer: TokenBytes,
    private readonly endTokens: readonly number[],
    maxNewTokens: number,
  ) {
    this.automaton = new Automaton(grammar, vocabulary.canWrite);
    this.state = this.automaton.start;
    this.left = maxNewTokens;
    const { cost } = this.automaton.start;
    if (cost === Infinity)
      throw new DecoscopeError(
        "method",
        "The JSON schema cannot be used: no JSON satisfies it that this model's tokens can spell. Loosen it.",
      );
    if (cost > maxNewTokens)
      throw new DecoscopeError(
        "method",
        `The shortest JSON that satisfies the schema has ${cost} bytes; expected room for as many tokens, found ${maxNewTokens}. Ask for more tokens, shorten the conversation, or loosen the schema.`,
      );
  }

  /** The text is whole. */
  get isWhole(): boolean {
    return this.state?.isEnd === true;
  }

  /** The text is whole, and nothing can follow but an end token that the model does not have. */
  get isOver(): boolean {
    return this.isWhole && this.endTokens.length === 0 && this.reach().count === 0;
  }

  /** u32 [ceil(V / 32)]: what may come next. There is always something, as long as the text is not over. */
  allowed(): Uint32Array<ArrayBuffer> {
    const bits = this.reach().bits.slice();
    if (this.isWhole) for (const token of this.endTokens) bits[token >>> 5]! |= 1 << (token & 31);
    return bits;
  }

  push(token: number): void {
    this.left--;
    if (this.endTokens.includes(token)) return;
    for (const byte of this.tokenizer.bytes(token))
      this.state = this.state && this.automaton.step(this.state, byte);
    if (!this.state) throw new Error(`token ${token} was not allowed here`);
  }

  /** Byte by byte an end is always within reach: after each token no more bytes are missing than tokens are left. */
  private reach(): Reach {
    const state = this.state!;
    const most = this.left - 1;
    let all = this.reached.get(state);
    if (!all) {
      all = this.vocabulary.reach(this.automaton, state, Infinity);
      if (this.reached.size >= REMEMBERED) this.reached.clear();
      this.reached.set(state, all);
    }
    return all.mostCost <= most ? all : this.vocabulary.reach(this.automaton, state, most);
  }
}
