/** Takes an answer apart as it comes: what a model thinks before it answers, and what it answers. */

export interface Sections {
  /** What stands between `<think>` and `</think>`. */
  readonly thinking: string;
  readonly answer: string;
}

const OPEN = "<think>";
const CLOSE = "</think>";

/** Length of the longest end of `text` that `mark` begins with, short of the whole mark. */
export function heldBack(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--)
    if (mark.startsWith(text.slice(text.length - length))) return length;
  return 0;
}

/**
 * Splits a text that comes in parts. A thinking section stands at the very beginning (white space aside): the tag anywhere
 * else is text like any other. The first line breaks after either tag belong to no section. Nothing that may still become a tag is
 * given out before it is known to be none.
 * @see the chat templates of Qwen3 and SmolLM3, which write sections this way
 */
export class SectionSplitter {
  private state: "before" | "thinking" | "answer";
  /** What was pushed and not given out. */
  private waiting = "";
  /** Whether white space is left out, since the section has not begun. */
  private isFresh = true;

  /** @param isOpen the prompt has opened the section already */
  constructor(isOpen = false) {
    this.state = isOpen ? "thinking" : "before";
  }

  /** What a part of the text completes. */
  push(text: string): Sections {
    this.waiting += text;
    if (this.state === "before" && !this.begin()) return { thinking: "", answer: "" };
    let thinking = "";
    if (this.state === "thinking") {
      const end = this.waiting.indexOf(CLOSE);
      thinking = this.take(end < 0 ? this.waiting.length - heldBack(this.waiting, CLOSE) : end);
      if (end < 0) return { thinking, answer: "" };
      this.waiting = this.waiting.slice(CLOSE.length);
      this.state = "answer";
      this.isFresh = true;
    }
    return { thinking, answer: this.take(this.waiting.length) };
  }

  /** What was held back, at the end of the text. */
  flush(): Sections {
    const rest = this.take(this.waiting.length);
    return this.state === "thinking" ? { thinking: rest, answer: "" } : { thinking: "", answer: rest };
  }

  /** Whether the text is inside a thinking section that was not closed. */
  get isThinking(): boolean {
    return this.state === "thinking";
  }

  /** Finds out whether the text begins with thinking; false while that is open. */
  private begin(): boolean {
    const start = this.waiting.trimStart();
    if (start.startsWith(OPEN)) {
      this.waiting = start.slice(OPEN.length);
      this.state = "thinking";
      return true;
    }
    if (OPEN.startsWith(start)) return false;
    this.state = "answer";
    // An answer without thinking is given as it was written.
    this.isFresh = false;
    return true;
  }

  private take(length: number): string {
    let text = this.waiting.slice(0, length);
    this.waiting = this.waiting.slice(length);
    if (this.isFresh) {
      text = text.trimStart();
      this.isFresh = text === "";
    }
    return text;
  }
}

/** A whole text taken apart. */
export function splitSections(text: string, isOpen = false): Sections {
  const splitter = new SectionSplitter(isOpen);
  const a = splitter.push(text);
  const b = splitter.flush();
  return { thinking: a.thinking + b.thinking, answer: a.answer + b.answer };
}

/** Whether a prompt ends inside a thinking section, so that what comes is thinking. */
export const opensThinking = (prompt: string): boolean => /<think>\s*$/.test(prompt);

/** What closes a section that a prompt left open, as templates write it. */
export const CLOSED_THINKING = `${CLOSE}\n\n`;
