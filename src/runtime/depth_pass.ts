/** The recording of one pass of a recurrent model: embed, begin latents, recurrences over the rows that are left, read out. */
import type { CachePolicy, DepthPolicy } from "../decoding/depth/policy";
import type { DepthPass } from "../decoding/depth/session";
import { embed } from "../kernels/embed";
import { latentAcceleration } from "../kernels/latent_acceleration";
import { recurBegin, recurEnd } from "../kernels/latents";
import { matvecHead } from "../kernels/matvec_head";
import { processLogits } from "../kernels/process_logits";
import { readoutSignals } from "../kernels/readout_signals";
import { recurAdmit } from "../kernels/recur_admit";
import { rowStats } from "../kernels/row_stats";
import { topTokens } from "../kernels/top_tokens";
import type { Recording } from "../kernels/tuning";
import type { SamplerSettings } from "../trace/events";
import type { DepthMemory } from "./depth_memory";

/** Everything about a pass that its recording depends on. */
export interface PassShape {
  /** Rows it has room for; the rest are idle. */
  readonly room: number;
  readonly criterion: DepthPolicy["criterion"];
  readonly threshold: number;
  readonly least: number;
  readonly most: number;
  readonly checkEvery: number;
  /** Shares of the rows, of models whose router lets the best in; null otherwise. */
  readonly capacities: readonly number[] | null;
  readonly cache: CachePolicy;
  readonly reads: boolean;
  /** Readouts after every recurrence, and the candidates of them that are reported. */
  readonly ladder: boolean;
  readonly ladderTop: number;
  /** Candidates of the last readout. */
  readonly top: number;
  readonly compares: boolean;
  readonly accelerates: boolean;
  readonly hasCopies: boolean;
  readonly sampler: SamplerSettings;
}

/** One row is exact; else few sizes, so that few passes are recorded. */
const roomFor = (rows: number, most: number): number =>
  rows === 1 ? 1 : Math.min(most, Math.ceil(rows / (rows <= 16 ? 4 : 16)) * (rows <= 16 ? 4 : 16));

export function passShape(pass: DepthPass, maxRows: number): PassShape {
  const { policy, reads, top, sampler } = pass;
  return {
    room: roomFor(pass.rows.length, maxRows),
    criterion: policy.criterion,
    threshold: policy.threshold ?? 0,
    least: policy.minRecurrence,
    most: policy.maxRecurrence,
    checkEvery: policy.checkEvery,
    capacities: policy.capacities ?? null,
    cache: pass.cache,
    reads,
    ladder: pass.readsEach,
    ladderTop: pass.readsEach ? top : 0,
    top: reads ? top : 0,
    compares: pass.compares,
    accelerates: pass.compares && pass.accelerates === true,
    hasCopies: pass.rows.some((row) => row.origin === "previous"),
    sampler,
  };
}

export function recordPass(rec: Recording, memory: DepthMemory, shape: PassShape): void {
  const { model, scratch, rows } = memory;
  const { x, y } = scratch;
  const { dim, vocabSize } = model.config;
  const { table, scale } = model.embedding;
  const T = shape.room;
  const latents = memory.latents(T);

  embed(rec, { rows, table, x, T, dim, vocabSize, scale });
  scratch.recordPart(rec, "prelude", (l) => memory.plainBlock("prelude", l, rows, T));
  model.begin(rec, scratch, latents, memory.seed, shape.hasCopies);

  for (let r = 1; r <= shape.most; r++) {
    const signals = memory.signalsOf(r, T);
    const { active, choices } = memory;
    const isForced = shape.criterion === "none";
    const kept = r === 1 ? null : memory.kept;
    model.ask?.(rec, latents, { r, kept, signals, choices, most: shape.most, isForced });
    admit(rec, memory, shape, r);
    model.recur(rec, scratch, latents, { r, active, signals, choices, core: (l) => memory.coreBlock(l, T) });
    if (!shape.ladder) continue;
    readOut(rec, memory, shape, "active");
    const { logits, before } = memory;
    readoutSignals(rec, { active, logits, before, hasBefore: r > 1, T, vocabSize, signals });
    if (shape.ladderTop === 0) continue;
    const out = memory.ladderOf(r, shape);
    topTokens(rec, { laws: logits, firstRow: 0, T, vocabSize, k: shape.ladderTop, out });
  }
  admit(rec, memory, shape, shape.most + 1);

  if (shape.compares) {
    const { lastZ, change } = memory;
    if (shape.accelerates) latentAcceleration(rec, { ...latents, lastZ, lastStep: memory.lastStep, change });
    // Latents of all rows, in their order, beside those of the last pass.
    recurBegin(rec, { ...latents, a: y, x });
    recurEnd(rec, { ...latents, x: y, z: lastZ, signals: change });
  }
  readOut(rec, memory, shape, "all");
  if (!shape.reads) return;
  const { logits, ctl, seq, draws, stats } = memory;
  const plain = { tree: null, allowed: null, firstRow: 0, T, vocabSize };
  processLogits(rec, { ...plain, ...shape.sampler, logits, ctl, seq });
  rowStats(rec, { laws: logits, draws, firstRow: 0, T, vocabSize, out: stats });
  if (shape.top > 0)
    topTokens(rec, { laws: logits, firstRow: 0, T, vocabSize, k: shape.top, out: memory.top });
}

/** Coda and head of the rows that ran last, by place; or of all rows, whose coda leaves what later ones see. */
function readOut(rec: Recording, memory: DepthMemory, shape: PassShape, of: "active" | "all"): void {
  const { model, scratch, rows } = memory;
  const T = shape.room;
  const active = of === "active" ? memory.active : null;
  model.leave(rec, scratch, memory.latents(T), active);
  const blockRows = active ? memory.plainRows : rows;
  scratch.recordPart(rec, "coda", (l) => memory.plainBlock("coda", l, blockRows, T));
  if (active || shape.reads) matvecHead(rec, { ...scratch.head, logits: memory.logits, T });
}

function admit(rec: Recording, memory: DepthMemory, shape: PassShape, recurrence: number): void {
  const { room: T, criterion, threshold, least, most, checkEvery, cache, capacities } = shape;
  const { rows, active, runRows, plainRows, banks, choices } = memory;
  // Routers are asked before a recurrence; what is measured is so after one.
  const isAsked = criterion === "gate" || criterion === "gate-top";
  const measured = Math.min(most, Math.max(1, isAsked ? recurrence : recurrence - 1));
  const capacity = capacities?.[recurrence - 1];
  recurAdmit(rec, {
    ...{ rows, active, runRows, plainRows, banks, T, recurrence },
    ...{ criterion, threshold, least, most, checkEvery, cache },
    memory: memory.kept,
    signals: memory.signalsOf(measured, T),
    slots: memory.slots,
    ...(choices && criterion === "choice"
      ? { chosen: { choices, depths: memory.model.recurrence.trainedRecurrence } }
      : {}),
    ...(capacity === undefined ? {} : { share: { capacity, of: capacities!.length } }),
  });
}
