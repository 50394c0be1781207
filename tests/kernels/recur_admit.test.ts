/** Admission of rows to recurrences on the device beside the plain exit criteria, recurrence by recurrence. */
import { afterAll, describe, expect, test } from "vitest";
import {
  criteria,
  type CriterionId,
  exitReason,
  type RecurrenceSignals,
  routedIn,
} from "../../src/decoding/depth/policy";
import { Choice, choiceWords } from "../../src/kernels/choose_depth";
import { Signal, SIGNAL_WORDS } from "../../src/kernels/latents";
import { NONE, Row, ROW_WORDS } from "../../src/kernels/layouts";
import { Exit, Memory, MEMORY_WORDS, recurAdmit } from "../../src/kernels/recur_admit";
import { pcg4d } from "../../src/base/rng";
import { useBench } from "./harness";

const bench = useBench();
afterAll(() => bench().free());

/** More rows than lanes, so that some lanes have two and some none; every ninth is idle. */
const T = 83;
const SLOTS = 100;
const MOST = 5;
const isIdle = (i: number): boolean => i % 9 === 4;
const thresholds: Readonly<Record<CriterionId, number>> = {
  none: 0,
  "latent-diff": 0.25,
  cosine: 0.25,
  kl: 0.25,
  "minp-kl": 0.25,
  "entropy-diff": 0.3,
  "argmax-stability": 2,
  "exit-gate": 0.8,
};
const uniform = (i: number, r: number, k: number): number => Math.fround(pcg4d(i, r, k, 7)[0] / 2 ** 32);
/** Random numbers after recurrence r of row i; one argmax in three repeats. */
const signalsOf = (i: number, r: number): RecurrenceSignals & { entropy: number; argmax: number } => ({
  relChange: uniform(i, r, 0),
  cosine: uniform(i, r, 1),
  kl: uniform(i, r, 2),
  minPKl: uniform(i, r, 3),
  entropy: 3 * uniform(i, r, 4),
  argmax: Math.floor(3 * uniform(i, r, 5)),
  exit: 0.9 * uniform(i, r, 6),
});

describe.each(["latest", "first-recurrence", "per-recurrence", "nearest"] as const)("cache %s", (cache) => {
  test.each(Object.keys(criteria) as CriterionId[])("criterion %s", async (criterion) => {
    const rows = new Uint32Array(ROW_WORDS * T);
    for (let i = 0; i < T; i++) {
      rows[i * ROW_WORDS + Row.TOKEN] = 1000 + i;
      rows[i * ROW_WORDS + Row.POSITION] = isIdle(i) ? 0 : i + 10;
      rows[i * ROW_WORDS + Row.SLOT] = isIdle(i) ? NONE : i + 10;
      rows[i * ROW_WORDS + Row.BOUND] = isIdle(i) ? 0 : i + 11;
    }
    const policy = {
      ...{
        criterion,
        threshold: thresholds[criterion],
        minRecurrence: 2,
        maxRecurrence: MOST,
        checkEvery: 1,
      },
    };
    const words = (count: number): GPUBuffer => bench().buffer(new Uint32Array(count).fill(77));
    const [memory, active, banks] = [words(MEMORY_WORDS * T), words(T), words(SLOTS)];
    const [runRows, plainRows] = [words(ROW_WORDS * T), words(ROW_WORDS * T)];
    const given = bench().buffer(rows);
    const history: RecurrenceSignals[][] = Array.from({ length: T }, () => []);
    const ended: ReturnType<typeof exitReason>[] = history.map(() => null);
    for (let r = 1; r <= MOST + 1; r++) {
      const signals = new Uint32Array(SIGNAL_WORDS * T);
      const floats = new Float32Array(signals.buffer);
      for (let i = 0; i < T && r > 1; i++) {
        const s = signalsOf(i, r - 1);
        floats.set([s.relChange, s.cosine, s.kl!, s.minPKl!, s.entropy], i * SIGNAL_WORDS);
        signals[i * SIGNAL_WORDS + Signal.ARGMAX] = s.argmax;
        floats[i * SIGNAL_WORDS + Signal.GATE] = s.exit!;
        if (isIdle(i) || ended[i]) continue;
        history[i]!.push({ ...s, entropy: Math.fround(s.entropy) });
        ended[i] = exitReason(policy, history[i]!);
      }
      const measured = bench().buffer(signals);
      await bench().run((rec) => {
        recurAdmit(rec, {
          ...{ rows: given, signals: measured, memory, active, runRows, plainRows, banks, T, recurrence: r },
          ...{
            criterion,
            threshold: policy.threshold,
            least: 2,
            most: MOST,
            checkEvery: 1,
            cache,
            slots: SLOTS,
          },
        });
      });
      const left = ended.flatMap((reason, i) => (reason === null && !isIdle(i) ? [i] : []));
      if (criterion !== "none" && r > 2 && r <= MOST) expect(left.length).toBeLessThan(T - 9);
      const listed = [...(await bench().u32(active))].slice(0, T);
      expect(listed).toEqual([...left, ...Array<number>(T - left.length).fill(NONE)]);
      const [ran, plain] = [await bench().u32(runRows), await bench().u32(plainRows)];
      const isBanked = cache === "per-recurrence" || cache === "nearest";
      const bank = isBanked ? r - 1 : 0;
      left.forEach((i, place) => {
        const at = place * ROW_WORDS;
        const slot = cache === "first-recurrence" && r > 1 ? NONE : bank * SLOTS + i + 10;
        const exact = cache === "per-recurrence" ? 1 : 0;
        expect([...ran.subarray(at, at + 7)]).toEqual([1000 + i, i + 10, slot, i + 11, bank, SLOTS, exact]);
        expect([...plain.subarray(at, at + 4)]).toEqual([1000 + i, i + 10, i + 10, i + 11]);
      });
      for (let place = left.length; place < T; place++) {
        expect(ran[place * ROW_WORDS + Row.SLOT]).toBe(NONE);
        expect(ran[place * ROW_WORDS + Row.BOUND]).toBe(0);
      }
      const filled = await bench().u32(banks);
      for (const i of left) expect(filled[i + 10]).toBe(bank);
    }
    const kept = await bench().u32(memory);
    const codes = {
      converged: Exit.CONVERGED,
      gate: Exit.CONVERGED,
      cap: Exit.CAP,
      forced: Exit.FORCED,
      chosen: Exit.CHOSEN,
    };
    for (let i = 0; i < T; i++) {
      const reason = ended[i];
      expect(kept[i * MEMORY_WORDS + Memory.DEPTH]).toBe(isIdle(i) ? 0 : history[i]!.length);
      expect(kept[i * MEMORY_WORDS + Memory.EXIT]).toBe(isIdle(i) ? Exit.IDLE : codes[reason!]);
    }
  });
});

describe("by gates", () => {
  const CAPACITIES = [4, 2, 2, 1];
  // A quarter of the gates are equal to others: of these the earlier row's is the larger.
  const gateOf = (i: number, r: number): number =>
    i % 4 === 0 ? Math.fround(0.5 + 0.1 * r) : uniform(i, r, 6);

  test.each([
    ["gate", 0.35],
    ["gate", 0],
    ["gate", 1.01],
    ["gate-top", null],
  ] as const)("%s, threshold %s", async (criterion, threshold) => {
    const most = CAPACITIES.length;
    const policy = { criterion, threshold, minRecurrence: 0, maxRecurrence: most, checkEvery: 1 };
    const rows = new Uint32Array(ROW_WORDS * T);
    for (let i = 0; i < T; i++) {
      rows[i * ROW_WORDS + Row.POSITION] = i;
      rows[i * ROW_WORDS + Row.SLOT] = isIdle(i) ? NONE : i;
    }
    const words = (count: number): GPUBuffer => bench().buffer(new Uint32Array(count).fill(77));
    const [memory, active, banks] = [words(MEMORY_WORDS * T), words(T), words(SLOTS)];
    const [runRows, plainRows] = [words(ROW_WORDS * T), words(ROW_WORDS * T)];
    const given = bench().buffer(rows);
    const present = Array.from({ length: T }, (_, i) => i).filter((i) => !isIdle(i));
    const depths = Array.from({ length: T }, () => 0);
    let left = present;
    for (let r = 1; r <= most + 1; r++) {
      const signals = new Float32Array(SIGNAL_WORDS * T);
      for (let i = 0; i < T; i++) signals[i * SIGNAL_WORDS + Signal.GATE] = gateOf(i, r);
      const measured = bench().buffer(signals);
      await bench().run((rec) => {
        recurAdmit(rec, {
          ...{ rows: given, signals: measured, memory, active, runRows, plainRows, banks, T, recurrence: r },
          ...{ criterion, threshold: threshold ?? 0, least: 0, most, checkEvery: 1 },
          ...{ cache: "per-recurrence", slots: SLOTS },
          share: { capacity: CAPACITIES[r - 1] ?? 0, of: most },
        });
      });
      const isIn = routedIn(
        { ...policy, capacities: CAPACITIES },
        r,
        left.map((i) => gateOf(i, r)),
        present.length,
      );
      left = r > most ? [] : left.filter((_, k) => isIn[k]);
      for (const i of left) depths[i] = r;
      const listed = [...(await bench().u32(active))].slice(0, T);
      expect(listed).toEqual([...left, ...Array<number>(T - left.length).fill(NONE)]);
    }
    const kept = await bench().u32(memory);
    for (const i of present) {
      expect(kept[i * MEMORY_WORDS + Memory.DEPTH]).toBe(depths[i]);
      expect(kept[i * MEMORY_WORDS + Memory.EXIT]).toBe(depths[i] === most ? Exit.CAP : Exit.ROUTER);
    }
    const sizes = CAPACITIES.map((_, i) => depths.filter((depth) => depth > i).length);
    if (criterion === "gate-top") expect(sizes).toEqual([74, 37, 37, 18]);
    else if (threshold === 0) expect(sizes).toEqual([74, 74, 74, 74]);
    else if (threshold > 1) expect(sizes).toEqual([74, 0, 0, 0]);
    else expect(new Set(sizes).size).toBe(4);
  });
});

test.each([5, 3])("by chosen depths of five, at most %i", async (most) => {
  const depths = 5;
  const words = choiceWords(depths);
  const rows = new Uint32Array(ROW_WORDS * T);
  const choices = new Uint32Array(words * T).fill(99);
  const depthOf = (i: number): number => 1 + (pcg4d(i, 0, 0, 8)[0] % depths);
  for (let i = 0; i < T; i++) {
    rows[i * ROW_WORDS + Row.POSITION] = i;
    rows[i * ROW_WORDS + Row.SLOT] = isIdle(i) ? NONE : i;
    if (!isIdle(i)) choices[i * words + Choice.DEPTH] = depthOf(i);
  }
  const room = (count: number): GPUBuffer => bench().buffer(new Uint32Array(count).fill(77));
  const [memory, active, banks] = [room(MEMORY_WORDS * T), room(T), room(SLOTS)];
  const [runRows, plainRows] = [room(ROW_WORDS * T), room(ROW_WORDS * T)];
  const [given, chosen] = [bench().buffer(rows), bench().buffer(choices)];
  const signals = bench().empty(SIGNAL_WORDS * T);
  const present = Array.from({ length: T }, (_, i) => i).filter((i) => !isIdle(i));
  const sizes: number[] = [];
  for (let r = 1; r <= most + 1; r++) {
    await bench().run((rec) => {
      recurAdmit(rec, {
        ...{ rows: given, signals, memory, active, runRows, plainRows, banks, T, recurrence: r },
        ...{ criterion: "choice", threshold: 0, least: 0, most, checkEvery: 1 },
        ...{ cache: "per-recurrence", slots: SLOTS, chosen: { choices: chosen, depths } },
      });
    });
    const left = r > most ? [] : present.filter((i) => depthOf(i) >= r);
    sizes.push(left.length);
    const listed = [...(await bench().u32(active))].slice(0, T);
    expect(listed).toEqual([...left, ...Array<number>(T - left.length).fill(NONE)]);
    const ran = await bench().u32(runRows);
    left.forEach((i, place) => expect(ran[place * ROW_WORDS + Row.SLOT]).toBe((r - 1) * SLOTS + i));
  }
  expect(sizes[0]).toBe(present.length);
  expect(new Set(sizes).size).toBe(most + 1);
  const kept = await bench().u32(memory);
  for (const i of present) {
    expect(kept[i * MEMORY_WORDS + Memory.DEPTH]).toBe(Math.min(most, depthOf(i)));
    expect(kept[i * MEMORY_WORDS + Memory.EXIT]).toBe(Exit.CHOSEN);
  }
});
