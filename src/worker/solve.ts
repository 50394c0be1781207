/** Canvases decoded by a strategy without a trace, what they cost, and whether problems were answered rightly. */
import { DecoscopeError } from "../base/errors";
import { readParams } from "../base/params";
import { findMethod } from "../decoding";
import type { CanvasPass, CanvasSession, PassResult } from "../decoding/canvas/session";
import { canvasOf, isRight, MOST_PROMPT, problemsOf, type Attention } from "../parallel/problems";
import type { Strategy } from "../parallel/strategies";
import { GpuCanvasSession } from "../runtime/canvas_session";
import type { MethodEvent } from "../trace/events";
import type { Solved, SolveRequest } from "./api";
import type { EngineHost, HostedModel } from "./host";

export interface Decoded {
  /** What stands at the positions that were masked. */
  readonly tokens: readonly number[];
  readonly steps: number;
  /** Forward passes of the masked model, and of the guider. */
  readonly passes: number;
  readonly guiderPasses: number;
  /** Rows of all passes that went through the layers of the masked model. */
  readonly rows: number;
}

/** Steps of a run; far more than any has. */
const STEPS = 1 << 14;

/**
 * A session that many runs share, each with randomness of its own: the noise of a pass is addressed by its step, and steps
 * of different runs have different numbers.
 */
class Shared implements CanvasSession {
  readonly model;
  readonly guider;
  readonly maxContext;

  constructor(
    private readonly inner: GpuCanvasSession,
    readonly seed: number,
  ) {
    this.model = inner.model;
    this.guider = inner.guider;
    this.maxContext = inner.maxContext;
  }

  denoise(pass: CanvasPass): Promise<PassResult> {
    return this.inner.denoise({ ...pass, step: pass.step + STEPS * this.seed });
  }

  judge(text: readonly number[], from: number): ReturnType<CanvasSession["judge"]> {
    return this.inner.judge(text, from);
  }

  dispose(): void {}
}

/**
 * Fills `length` masks behind a prompt.
 * @throws DecoscopeError "method" for a strategy whose settings are not legal
 */
export async function decode(
  session: GpuCanvasSession,
  strategy: Strategy,
  run: { readonly prompt: readonly number[]; readonly length: number; readonly seed: number },
): Promise<Decoded> {
  const wrong = (message: string): DecoscopeError =>
    new DecoscopeError("method", `${strategy.label}: ${message}`);
  const method = findMethod(strategy.method);
  if (!method) throw wrong(`there is no method ${strategy.method}. Choose one of the list.`);
  const params = readParams(method.params, strategy.params ?? {});
  const [issue] = params.issues;
  if (issue) throw wrong(`${issue.key}: ${issue.message}`);
  const unknown = Object.keys(strategy.params ?? {}).filter((key) => !(key in method.params));
  if (unknown.length > 0)
    throw wrong(`expected settings of ${method.label}, found ${unknown.join(", ")}. Leave these out.`);
  const events: AsyncGenerator<MethodEvent, void, void> = method.decode({
    session: new Shared(session, run.seed),
    params: params.values,
    sampler: { temperature: strategy.temperature ?? 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    promptTokens: run.prompt,
    maxNewTokens: run.length,
    detail: "light",
  } as never);
  const filled = new Map<number, number>();
  const cost = { steps: 0, passes: 0, guiderPasses: 0, rows: 0 };
  for await (const e of events) {
    if (e.kind === "unmask") e.positions.forEach((p, i) => filled.set(p, e.tokens[i]!));
    if (e.kind === "remask") for (const p of e.positions) filled.delete(p);
    if (e.kind !== "cost") continue;
    cost.steps++;
    cost.passes += e.targetForwards;
    cost.guiderPasses += e.draftForwards;
    cost.rows += e.targetRows;
  }
  const tokens = [...filled].sort(([a], [b]) => a - b).map(([, token]) => token);
  return { tokens, ...cost };
}

/** Problems decoded at the same time: a pass waits for its readback, and others use the wait. */
const SIDE_BY_SIDE = 6;

/** Answers problems with strategies on one model; its sessions are opened once and used by all. */
export class Solver {
  /** @throws DecoscopeError "method" for a model that fills no masks, "limit" if the device has no room */
  static async open(host: EngineHost, modelId: string, guiderId: string | null): Promise<Solver> {
    const model = await host.model(modelId);
    const guider = guiderId === null ? null : await host.model(guiderId);
    const open = (): Promise<GpuCanvasSession> =>
      GpuCanvasSession.open(host.engine, {
        model: model.gpu,
        guider: guider?.gpu ?? null,
        seed: 1,
        length: MOST_PROMPT + canvasOf("latin"),
        tuning: host.tuning,
        profiler: null,
      });
    return new Solver(model, await Promise.all(Array.from({ length: SIDE_BY_SIDE }, open)));
  }

  private constructor(
    private readonly model: HostedModel,
    private readonly sessions: readonly GpuCanvasSession[],
  ) {}

  /**
   * Answers the problems that are asked for.
   * @param isStopped asked before every problem
   * @throws DecoscopeError "method" for a strategy whose settings are not legal, "cancelled" if it was stopped
   */
  async solve(
    { strategy, task, count, from }: Omit<SolveRequest, "model" | "guider">,
    isStopped: () => boolean = () => false,
  ): Promise<Solved> {
    const right: boolean[] = [];
    const steps: number[] = [];
    const passes: number[] = [];
    const guiderPasses: number[] = [];
    const rows: number[] = [];
    const waiting = [...problemsOf(task, count, from).entries()];
    const work = async (session: GpuCanvasSession): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (isStopped()) throw new DecoscopeError("cancelled", "The measurement was stopped.");
        const [i, problem] = next;
        const prompt = this.model.tokenizer.encodePrompt(problem.prompt);
        const run = { prompt, length: canvasOf(task), seed: from + i };
        const decoded = await decode(session, strategy, run);
        right[i] = isRight(problem, this.textOf(decoded.tokens));
        steps[i] = decoded.steps;
        passes[i] = decoded.passes;
        guiderPasses[i] = decoded.guiderPasses;
        rows[i] = decoded.rows;
      }
    };
    // All are waited for, whatever becomes of one: none may use a session that was disposed of.
    const ends = await Promise.allSettled(this.sessions.map(work));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return { outcome: { right, steps, passes, guiderPasses, rows }, attention: this.attention };
  }

  private get attention(): Attention {
    return this.model.gpu.masked?.attention === "prompt_isolated" ? "isolated" : "full";
  }

  /** Tokens as text, up to the first end. */
  private textOf(tokens: readonly number[]): string {
    const { endTokens } = this.model.gpu.facts;
    const end = tokens.findIndex((token) => endTokens.includes(token));
    return this.model.tokenizer.decode(end < 0 ? tokens : tokens.slice(0, end), { skipSpecial: true });
  }

  dispose(): void {
    for (const session of this.sessions) session.dispose();
  }
}
