/** The error type of the whole program: one class with a code, so that errors survive a trip between threads. */

export type ErrorCode =
  /** The browser or device lacks something that is needed. */
  | "unsupported"
  /** The GPU device went away. */
  | "device_lost"
  /** A shader did not compile. */
  | "shader"
  /** Something is larger than a limit (memory, binding, context). */
  | "limit"
  /** A checkpoint, tokenizer or trace could not be read. */
  | "load"
  /** A method or its parameters are wrong. */
  | "method"
  /** The user ended it. */
  | "cancelled";

/** Why a model could not be had, where something other than the message depends on it. */
export type ErrorReason =
  /** It is not there. */
  | "missing"
  /** Only for those who were let in, with a token. */
  | "denied"
  /** The server asks for patience. */
  | "busy"
  | "offline"
  /** There is no room for it, or no storage at all. */
  | "storage"
  /** Other bytes than those that were published. */
  | "damaged";

/** What crosses a message port in place of an error object. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  /** What was expected, what was found, and what to do. */
  readonly message: string;
  /** Further lines for those who want them: compiler messages, tensor names, a stack. */
  readonly detail?: string;
  readonly reason?: ErrorReason;
}

export class DecoscopeError extends Error {
  override readonly name = "DecoscopeError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly detail?: string,
    readonly reason?: ErrorReason,
  ) {
    super(message);
  }

  toRecord(): ErrorRecord {
    const { code, message, detail, reason } = this;
    return { code, message, ...(detail !== undefined && { detail }), ...(reason && { reason }) };
  }

  static fromRecord({ code, message, detail, reason }: ErrorRecord): DecoscopeError {
    return new DecoscopeError(code, message, detail, reason);
  }
}

/** Turns anything thrown into a record; unknown errors keep their stack as detail. */
export function toErrorRecord(thrown: unknown, fallback: ErrorCode = "method"): ErrorRecord {
  if (thrown instanceof DecoscopeError) return thrown.toRecord();
  if (thrown instanceof Error) {
    return { code: fallback, message: thrown.message, ...(thrown.stack ? { detail: thrown.stack } : {}) };
  }
  return { code: fallback, message: String(thrown) };
}

/** For our own mistakes only; bad input gets a {@link DecoscopeError} with a helpful message. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}
