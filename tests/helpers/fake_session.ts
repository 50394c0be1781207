/**
 * A session in float64 over fake models. It does what decoding/session.ts says, by the references of
 * tests/reference, and checks what a GPU cannot: that every row sees its context, that handles are used in order,
 * and that nothing is left behind.
 */
import { Purpose } from "../../src/base/rng";
import type {
  Program,
  ProgramCost,
  ReadableMap,
  Recorder,
  RoundOutcome,
  Session,
  Values,
} from "../../src/decoding/session";
import { FakeCache } from "./fake_session_cache";
import type { FakeModel } from "./fake_session_models";
import { FakeRecorder } from "./fake_session_recorder";

export interface FakeSessionOptions {
  readonly target: FakeModel;
  readonly draft?: FakeModel | null;
  readonly seed?: number;
  readonly maxNewTokens?: number;
  readonly maxContext?: number;
  /** Step of the first round's random numbers. */
  readonly firstStep?: number;
}

/** What is alive: a method must leave no run in flight, whoever opened a session must dispose of it. */
export class FakeDevice {
  liveSessions = 0;
  livePrograms = 0;
  runsInFlight = 0;
  /** Most runs that were ever in flight at once. */
  mostInFlight = 0;
  submits = 0;

  open(options: FakeSessionOptions): FakeSession {
    this.liveSessions++;
    return new FakeSession(this, options);
  }
}

/** What the "device" knows; programs change it round by round. */
export interface FakeState {
  readonly seed: number;
  readonly firstStep: number;
  /** Committed tokens, prompt first. */
  readonly text: number[];
  step: number;
  stop: RoundOutcome["stop"];
}

export class FakeSession implements Session {
  readonly target: FakeModel;
  readonly draft: FakeModel | null;
  readonly maxContext: number;
  readonly state: FakeState;
  readonly caches: Readonly<Record<"target" | "draft", FakeCache>>;
  private readonly maxNewTokens: number;
  private promptLength = 0;
  private programs = 0;
  private isDisposed = false;

  constructor(
    private readonly device: FakeDevice,
    options: FakeSessionOptions,
  ) {
    this.target = options.target;
    this.draft = options.draft ?? null;
    this.maxContext = options.maxContext ?? 512;
    this.maxNewTokens = options.maxNewTokens ?? 32;
    const firstStep = options.firstStep ?? 0;
    this.state = { seed: options.seed ?? 1, firstStep, text: [], step: firstStep, stop: "none" };
    this.caches = { target: new FakeCache("target"), draft: new FakeCache("draft") };
  }

  prefill(tokens: readonly number[]): Promise<void> {
    if (this.promptLength > 0) throw new Error("the prompt was already prefilled");
    this.promptLength = tokens.length;
    this.state.text.push(...tokens);
    this.caches.target.fill(tokens.slice(0, -1));
    if (this.draft) this.caches.draft.fill(tokens.slice(0, -1));
    return Promise.resolve();
  }

  record<M extends ReadableMap>(build: (ops: Recorder) => M): Promise<Program<Values<M>>> {
    const recorder = new FakeRecorder(this);
    const reads = recorder.finish(build(recorder));
    this.programs++;
    this.device.livePrograms++;
    return Promise.resolve(new FakeProgram<Values<M>>(this, this.device, recorder.cost(), reads));
  }

  /**
   * Appends the tokens of a round as far as they go: to the first end token, the token limit, the context's end.
   * Returns how many were taken.
   */
  commit(tokens: readonly number[]): number {
    const { text } = this.state;
    const end = tokens.findIndex((token) => this.target.endTokens.includes(token));
    const limits = [
      { stop: "end_token", at: end < 0 ? Infinity : end + 1 },
      { stop: "max_tokens", at: this.promptLength + this.maxNewTokens - text.length },
      { stop: "context_full", at: this.maxContext - text.length },
    ] as const;
    const first = limits.reduce((a, b) => (b.at < a.at ? b : a));
    const taken = Math.min(tokens.length, first.at);
    if (first.at <= tokens.length) this.state.stop = first.stop;
    text.push(...tokens.slice(0, taken));
    this.state.step++;
    return taken;
  }

  /** Plain sampling's random address in this round. */
  sampleAddress(): { seed: number; step: number; purpose: 1; node: number; sibling: number } {
    return { seed: this.state.seed, step: this.state.step, purpose: Purpose.SAMPLE, node: 0, sibling: 0 };
  }

  assertAlive(): void {
    if (this.isDisposed) throw new Error("the session was disposed of");
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.device.liveSessions--;
    this.device.livePrograms -= this.programs;
  }
}

class FakeProgram<T> implements Program<T> {
  constructor(
    private readonly session: FakeSession,
    private readonly device: FakeDevice,
    readonly cost: ProgramCost,
    private readonly round: () => Record<string, unknown>,
  ) {}

  async run(times = 1): Promise<readonly T[]> {
    this.session.assertAlive();
    this.device.submits++;
    this.device.runsInFlight++;
    this.device.mostInFlight = Math.max(this.device.mostInFlight, this.device.runsInFlight);
    // The rounds happen in the order of the calls; only the news of them takes time.
    try {
      const results = Array.from({ length: times }, () => this.round());
      await new Promise(setImmediate);
      return results as T[];
    } finally {
      this.device.runsInFlight--;
    }
  }
}
