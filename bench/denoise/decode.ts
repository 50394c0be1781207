/** One canvas decoded by one strategy, and what it cost. */
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding";
import type { CanvasPass, CanvasSession, PassResult } from "../../src/decoding/canvas/session";
import type { MethodEvent } from "../../src/trace/events";
import type { GpuCanvasSession } from "../../src/runtime/canvas_session";

export interface Strategy {
  readonly label: string;
  readonly method: string;
  readonly params?: Readonly<Record<string, number | boolean | string>>;
  /** 0 takes the most probable tokens. */
  readonly temperature?: number;
}

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
 * @throws Error for a strategy whose settings are not legal
 */
export async function decode(
  session: GpuCanvasSession,
  strategy: Strategy,
  run: { readonly prompt: readonly number[]; readonly length: number; readonly seed: number },
): Promise<Decoded> {
  const method = findMethod(strategy.method);
  if (!method) throw new Error(`no method ${strategy.method}`);
  const params = readParams(method.params, strategy.params ?? {});
  if (params.issues.length > 0) throw new Error(`${strategy.label}: ${JSON.stringify(params.issues)}`);
  const unknown = Object.keys(strategy.params ?? {}).filter((key) => !(key in method.params));
  if (unknown.length > 0)
    throw new Error(`${strategy.label}: no ${unknown.join(", ")} in ${strategy.method}`);
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
