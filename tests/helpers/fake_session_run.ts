/** Runs a decoding method on a fake session, as the worker would, and collects what it says. */
import { readParams } from "../../src/base/params";
import { findMethod } from "../../src/decoding/index";
import type { Method } from "../../src/decoding/method";
import type { MethodEvent, SamplerSettings } from "../../src/trace/events";
import { FakeDevice, type FakeSession, type FakeSessionOptions } from "./fake_session";

export const SAMPLER: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
export const GREEDY_SAMPLER: SamplerSettings = { ...SAMPLER, temperature: 0 };

export interface FakeRun extends FakeSessionOptions {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly sampler?: SamplerSettings;
  readonly prompt: readonly number[];
  readonly detail?: "light" | "full";
}

export interface FakeResult {
  readonly events: MethodEvent[];
  /** New tokens by the commit events. */
  readonly tokens: number[];
  readonly session: FakeSession;
  readonly device: FakeDevice;
}

export function methodOf(id: string): Method {
  const method = findMethod(id);
  if (!method) throw new Error(`no method ${id}`);
  return method;
}

/** Starts a run; whoever calls disposes of the session. */
export function startFake(run: FakeRun): {
  readonly events: AsyncGenerator<MethodEvent, void, void>;
  readonly session: FakeSession;
  readonly device: FakeDevice;
} {
  const device = new FakeDevice();
  const maxNewTokens = run.maxNewTokens ?? 24;
  const session = device.open({ ...run, maxNewTokens });
  const method = methodOf(run.method);
  const context = {
    session,
    params: readParams(method.params, run.params ?? {}).values,
    sampler: run.sampler ?? SAMPLER,
    promptTokens: run.prompt,
    maxNewTokens,
    detail: run.detail ?? "full",
  };
  return { events: method.decode(context as never), session, device };
}

/** Runs to the end and disposes of the session. */
export async function runFake(run: FakeRun): Promise<FakeResult> {
  const { events: generator, session, device } = startFake(run);
  const events: MethodEvent[] = [];
  try {
    for await (const event of generator) events.push(event);
  } finally {
    session.dispose();
  }
  return { events, tokens: committed(events), session, device };
}

/** Tokens of all commits, in order. */
export const committed = (events: readonly MethodEvent[]): number[] =>
  events.flatMap((e) => (e.kind === "commit" ? e.tokens : []));

/** Events of one kind. */
export function ofKind<K extends MethodEvent["kind"]>(
  events: readonly MethodEvent[],
  kind: K,
): Extract<MethodEvent, { kind: K }>[] {
  return events.filter((e): e is Extract<MethodEvent, { kind: K }> => e.kind === kind);
}
