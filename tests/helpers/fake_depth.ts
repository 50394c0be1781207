/** A DepthSession in float64, by the plain exit criteria and any core with the same three parts. */
import type { MethodEvent } from "../../src/trace/events";
import {
  exitReason,
  isRouting,
  readoutSignals,
  routedIn,
  type RecurrenceSignals,
} from "../../src/decoding/depth/policy";
import type {
  DepthPass,
  DepthResult,
  DepthRow,
  DepthSession,
  RecurrentFacts,
  RowOutcome,
} from "../../src/decoding/depth/session";
import { Purpose } from "../../src/base/rng";
import { latentNoise } from "../reference/latent";
import { processLogits } from "../reference/process_logits";
import { acceleration, cosineDistance, relativeChange } from "../reference/recurrent";
import { isMasked, logSoftmax, proposal, topK } from "../reference/row_stats";

type Vector = Float64Array<ArrayBuffer>;

/** What the session needs of a core: RecurrentReference has it, and so has {@link Contraction}. */
export interface DepthCore {
  readonly dim: number;
  readonly sigma: number;
  embed(tokens: readonly number[], positions: readonly number[]): Vector[];
  iterate(
    latents: readonly Vector[],
    embeds: readonly Vector[],
    positions: readonly number[],
    r: number,
    depths?: readonly number[],
  ): Vector[];
  readout(latents: readonly Vector[], positions: readonly number[]): Vector[];
  /** What a router says of a latent before recurrence r. */
  gate?(latent: Vector, r: number): number;
  /** Of models whose tokens choose: what their router says of an embedding, before the first recurrence. */
  choose?(embedding: Vector): { readonly law: readonly number[]; readonly depth: number };
}

export interface FakeDepthOptions {
  readonly facts: RecurrentFacts;
  readonly core: DepthCore;
  readonly seed?: number;
  readonly maxContext?: number;
}

/** What a session was asked to do. */
export interface FakeDepthCounts {
  live: number;
  inFlight: number;
  passes: number;
  coreForwards: number;
  coreRows: number;
}

export class FakeDepthSession implements DepthSession {
  readonly model: RecurrentFacts;
  readonly maxContext: number;
  readonly maxRows: number;
  readonly seed: number;
  readonly counts: FakeDepthCounts = { live: 1, inFlight: 0, passes: 0, coreForwards: 0, coreRows: 0 };
  private readonly core: DepthCore;
  private z: Vector[] = [];
  private e: Vector[] = [];
  private lastZ: Vector[] = [];
  private lastStep: (Vector | undefined)[] = [];
  private filled: number[] = [];

  constructor(options: FakeDepthOptions) {
    this.model = options.facts;
    this.core = options.core;
    this.seed = options.seed ?? 1;
    this.maxContext = options.maxContext ?? 48;
    this.maxRows = this.maxContext;
  }

  async run(pass: DepthPass): Promise<DepthResult> {
    const { counts } = this;
    if (counts.live === 0) throw new Error("the session was disposed of");
    counts.inFlight++;
    try {
      await new Promise(setImmediate);
      counts.passes++;
      return this.runNow(pass);
    } finally {
      counts.inFlight--;
    }
  }

  private runNow(pass: DepthPass): DepthResult {
    const { core } = this;
    const positions = pass.rows.map((row) => row.position);
    const first = positions[0]!;
    if (positions.some((p, i) => p !== first + i)) throw new Error("positions with gaps");
    if (first > this.z.length)
      throw new Error(`position ${first} before ${this.z.length}, which no pass had`);
    if (positions.at(-1)! >= this.maxContext) throw new Error("no room");
    const known = this.z.length;
    const fresh = core.embed(
      pass.rows.map((row) => row.token),
      positions,
    );
    pass.rows.forEach((row, i) => {
      const old = this.e[row.position];
      this.e[row.position] = fresh[i]!.map(
        (v, d) => row.fresh * v + (row.momentum > 0 ? row.momentum * old![d]! : 0),
      );
    });
    const starts = pass.rows.map((row) => this.start(row, pass.step));
    starts.forEach((latent, i) => (this.z[positions[i]!] = latent));

    const { reads: isReading } = pass;
    const isLadder = pass.readsEach;
    const signals: RecurrenceSignals[][] = positions.map(() => []);
    const ladder: RowOutcome["ladder"][number][][] = positions.map(() => []);
    const before = new Map<number, Vector>();
    const reasons: (RowOutcome["reason"] | null)[] = positions.map(() => null);
    const gates: number[][] = positions.map(() => []);
    const choice = this.model.recurrence.router?.choice;
    const choices = choice === "token" ? positions.map((p) => core.choose!(this.e[p]!)) : null;
    const { criterion, maxRecurrence } = pass.policy;
    const depths = choices?.map(({ depth }) =>
      criterion === "choice" ? Math.min(depth, maxRecurrence) : maxRecurrence,
    );
    for (let r = 1; reasons.includes(null); r++) {
      const asked = positions.flatMap((_, i) => (reasons[i] === null ? [i] : []));
      if (choice === "expert") for (const i of asked) gates[i]!.push(core.gate!(this.z[positions[i]!]!, r));
      const isIn =
        isRouting(criterion) && criterion !== "choice"
          ? routedIn(
              pass.policy,
              r,
              asked.map((i) => gates[i]!.at(-1)!),
              positions.length,
            )
          : null;
      const active = asked.filter((_, k) => isIn?.[k] ?? true);
      for (const i of asked) if (!active.includes(i)) reasons[i] = "router";
      if (active.length === 0) break;
      const at = active.map((i) => positions[i]!);
      const states = at.map((p) => this.z[p]!);
      const next = core.iterate(
        states,
        at.map((p) => this.e[p]!),
        at,
        r,
        depths && active.map((i) => depths[i]!),
      );
      at.forEach((p, k) => (this.z[p] = next[k]!));
      const logits = isLadder ? core.readout(next, at) : null;
      active.forEach((i, k) => {
        const read = logits
          ? readoutSignals(before.get(i) ?? null, logits[k]!)
          : { kl: null, minPKl: null, entropy: null, argmax: null };
        signals[i]!.push({
          relChange: relativeChange(next[k]!, states[k]!),
          cosine: cosineDistance(next[k]!, states[k]!),
          ...read,
          exit: null,
        });
        if (logits) before.set(i, logits[k]!);
        if (logits && pass.top > 0) ladder[i]!.push(topOf(logSoftmax(logits[k]!), pass.top));
        reasons[i] = exitReason(pass.policy, signals[i]!, depths?.[i]);
      });
      this.counts.coreForwards++;
      this.counts.coreRows += active.length;
    }
    const latents = positions.map((p) => this.z[p]!);
    const logits = core.readout(latents, positions);
    const rows = pass.rows.map((row, i): RowOutcome => {
      const last = pass.compares && row.position < known ? this.lastZ[row.position] : undefined;
      const step = last && latents[i]!.map((v, d) => v - last[d]!);
      const before = row.position < known ? this.lastStep[row.position] : undefined;
      if (pass.accelerates) this.lastStep[row.position] = step;
      return {
        depth: signals[i]!.length,
        reason: reasons[i]!,
        signals: signals[i]!,
        gates: gates[i]!,
        law: choices?.[i]!.law ?? [],
        ladder: ladder[i]!,
        change: last ? relativeChange(latents[i]!, last) : null,
        acceleration: pass.accelerates && step && before ? acceleration(latents[i]!, step, before) : null,
        draw: isReading ? this.draw(pass, row, logits[i]!) : null,
      };
    });
    if (pass.compares) positions.forEach((p, i) => (this.lastZ[p] = latents[i]!));
    const end = positions.at(-1)! + 1;
    this.z.length = end;
    this.e.length = end;
    const kvEntries = this.entries(pass, rows, first);
    const most = Math.max(0, ...this.filled);
    const bankEntries = Array.from(
      { length: most },
      (_, i) => this.model.recurrence.nCore * this.filled.filter((banks) => banks > i).length,
    );
    return { rows, kvEntries, bankEntries, cost: { dispatches: 1 } };
  }

  private start(row: DepthRow, step: number): Vector {
    const { dim, sigma } = this.core;
    const { position, origin } = row;
    const begin = {
      random: () => latentNoise(this.seed, position, dim, sigma),
      zero: () => new Float64Array(dim),
      embedding: () => this.e[position]!,
      kept: () => this.z[position]!,
      previous: () => this.z[position - 1]!,
    }[origin]();
    if (row.noise === 0) return begin;
    const noise = latentNoise(this.seed, position, dim, sigma, step, Purpose.LATENT_NOISE);
    return begin.map((v, d) => row.keep * v + row.noise * noise[d]!);
  }

  private draw({ sampler, text, step, top }: DepthPass, row: DepthRow, logits: Vector): RowOutcome["draw"] {
    const law = processLogits(logits, sampler, { role: "target", text });
    const temperature = sampler.temperature === 0 ? 0 : 1;
    const { token, logprob } = proposal(law, {
      seed: this.seed,
      step,
      position: row.position + 1,
      temperature,
    });
    return { token, logprob: Math.min(0, logprob), top: topOf(law, top) };
  }

  private entries(pass: DepthPass, rows: readonly RowOutcome[], first: number): number[] {
    const isOneBank = pass.cache === "latest" || pass.cache === "first-recurrence";
    const before = this.filled.slice(0, first);
    this.filled = [...before, ...rows.map((row) => (isOneBank ? 1 : row.depth))];
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    const most = Math.max(...rows.map((row) => row.depth));
    return Array.from(
      { length: most },
      (_, i) =>
        this.model.recurrence.nCore *
        (sum(before) + sum(rows.map((row) => (isOneBank ? 1 : Math.min(row.depth, i + 1))))),
    );
  }

  dispose(): void {
    this.counts.live = 0;
  }
}

const topOf = (law: Float64Array, k: number): [number, number][] =>
  topK(law, k)
    .filter((x) => !isMasked(law[x]!))
    .map((x) => [x, Math.min(0, law[x]!)]);

/** Events of a generator, all of them. */
export async function collect(events: AsyncGenerator<MethodEvent, void, void>): Promise<MethodEvent[]> {
  const all: MethodEvent[] = [];
  for await (const e of events) all.push(e);
  return all;
}
