/** Which rows of a recurrent model run its next recurrence, decided and listed on the device. */
import { assert } from "../base/errors";
import { defineKernel } from "../engine/kernel";
import source from "../../shaders/recur_admit.wgsl?raw";
import { choiceWords } from "./choose_depth";
import { SIGNAL_WORDS } from "./latents";
import { ROW_WORDS } from "./layouts";
import { needBytes } from "./reduce";
import type { Recording } from "./tuning";

export const recurAdmitKernel = defineKernel({
  name: "recur_admit",
  source,
  reads: ["rows", "signals", "choices"],
  writes: ["memory", "active_rows", "run_rows", "plain_rows", "banks"],
  params: {
    recurrence: "u32",
    row_count: "u32",
    criterion: "u32",
    threshold: "f32",
    least: "u32",
    most: "u32",
    check_every: "u32",
    cache: "u32",
    slots: "u32",
    capacity: "u32",
    shares: "u32",
    choice_words: "u32",
  },
  overrides: { WORKGROUP_SIZE: 64 },
});

/** Exit criteria by the names that decoding/depth/policy.ts gives them. */
const CRITERIA = [
  "none",
  "latent-diff",
  "cosine",
  "kl",
  "minp-kl",
  "entropy-diff",
  "argmax-stability",
  "exit-gate",
  "gate",
  "gate-top",
  "choice",
] as const;
/** Cache policies, likewise. */
const CACHES = ["latest", "first-recurrence", "per-recurrence", "nearest"] as const;

/** Words of what is kept of a row from recurrence to recurrence. */
export const Memory = {
  /** Recurrences it has had. */
  DEPTH: 0,
  /** One of {@link Exit}. */
  EXIT: 1,
  /** Recurrences in a row with the same argmax, and that argmax. */
  RUN: 2,
  ARGMAX: 3,
  /** f32, in nats. */
  ENTROPY: 4,
  /** Rows with larger gates, where the best are let in. */
  RANK: 5,
  /** f32: probability that an exit gate has let it go on until here. */
  STAY: 6,
} as const;
export const MEMORY_WORDS = 8;

/** Why a row runs no further; 0 while it does. */
export const Exit = { CONVERGED: 1, CAP: 2, FORCED: 3, IDLE: 4, ROUTER: 5, CHOSEN: 6 } as const;

export interface RecurAdmitArgs {
  /** u32 [T, ROW_WORDS]; rows without a slot are idle. */
  readonly rows: GPUBuffer;
  /** f32 [T, SIGNAL_WORDS] by row, of the recurrence before, or, where gates decide, with those of this one; not read for the first. */
  readonly signals:
    GPUBuffer | { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };
  /** u32 [T, MEMORY_WORDS] */
  readonly memory: GPUBuffer;
  /** u32 [T]: rows that run, in order, NONE behind the last. */
  readonly active: GPUBuffer;
  /** u32 [T, ROW_WORDS] by place among them: with slots in the banks, and as they were. */
  readonly runRows: GPUBuffer;
  readonly plainRows: GPUBuffer;
  /** u32 by position: the last bank it has filled. */
  readonly banks: GPUBuffer;
  readonly T: number;
  /** The recurrence that rows are admitted to, from 1. One more than `most` only says why the last ones ended. */
  readonly recurrence: number;
  readonly criterion: (typeof CRITERIA)[number];
  readonly threshold: number;
  /** No exit before so many recurrences, and no more than so many. */
  readonly least: number;
  readonly most: number;
  /** Recurrences from one test to the next. */
  readonly checkEvery: number;
  readonly cache: (typeof CACHES)[number];
  /** Slots of a bank. */
  readonly slots: number;
  /** "gate-top" lets in this part of all rows, rounded down, at least one. */
  readonly share?: { readonly capacity: number; readonly of: number };
  /** "choice": what kernels/choose_depth.ts left, and the depths that it chose among. */
  readonly chosen?: { readonly choices: GPUBuffer; readonly depths: number };
}

export function recurAdmit(rec: Recording, a: RecurAdmitArgs): void {
  const { T } = a;
  for (const [name, buffer] of [
    ["rows", a.rows],
    ["runRows", a.runRows],
    ["plainRows", a.plainRows],
  ] as const)
    needBytes("recur_admit", name, buffer, 4 * ROW_WORDS * T);
  needBytes("recur_admit", "signals", a.signals, 4 * SIGNAL_WORDS * T);
  needBytes("recur_admit", "memory", a.memory, 4 * MEMORY_WORDS * T);
  needBytes("recur_admit", "active", a.active, 4 * T);
  const words = a.chosen ? choiceWords(a.chosen.depths) : 0;
  if (a.criterion === "choice") assert(a.chosen !== undefined, "no choices to admit rows by");
  if (a.chosen) needBytes("recur_admit", "choices", a.chosen.choices, 4 * words * T);
  rec.list.add(
    recurAdmitKernel,
    { overrides: { WORKGROUP_SIZE: T === 1 ? 1 : 64 } },
    {
      bind: {
        rows: a.rows,
        signals: a.signals,
        choices: a.chosen?.choices ?? a.rows,
        memory: a.memory,
        active_rows: a.active,
        run_rows: a.runRows,
        plain_rows: a.plainRows,
        banks: a.banks,
      },
      params: {
        recurrence: a.recurrence,
        row_count: T,
        criterion: CRITERIA.indexOf(a.criterion),
        threshold: a.threshold,
        least: a.least,
        most: a.most,
        check_every: a.checkEvery,
        cache: CACHES.indexOf(a.cache),
        slots: a.slots,
        capacity: a.share?.capacity ?? 0,
        shares: a.share?.of ?? 1,
        choice_words: words,
      },
      grid: [1],
    },
  );
}
