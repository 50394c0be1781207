/** The checkers against plain definitions: other right answers pass, near misses fail, and the oracles against brute force. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawProblem, findTask, judge } from "../../../src/tasks";
import { followLines, lineOf, movesFrom, MOST, reachable } from "../../../src/tasks/countdown";
import { solveSudoku } from "../../../src/tasks/squares";
import { lastNumber, wordsResult } from "../../../src/tasks/words";

const draw = (id: string, number: number, level?: number) =>
  drawProblem(findTask(id), { seed: 9, number, split: "train", ...(level === undefined ? {} : { level }) });

const whyNot = (prompt: string, answer: string): string => {
  const verdict = judge(prompt, answer);
  return verdict.ok ? "it is right" : verdict.why;
};

describe("lists", () => {
  it.each([
    ["copy:cab_________=", "cab", "cba"],
    ["reverse:cab_________=", "bac", "cab"],
    ["sort:cab_________=", "abc", "cab"],
    ["shuffle:cab=", "abc", "cab"],
    ["shuffle:cab=", "bca", "bcc"],
    ["replace-at:#2x,cab=", "cxb", "xab"],
    ["replace-any:x,cab=", "cax", "cab"],
    ["replace-any:x,cab=", "xab", "xxb"],
    ["insert-at:#4x,cab=", "cabx", "xcab"],
    ["insert-any:x,cab=", "xcab", "cab"],
    ["insert-any:x,cab=", "caxb", "caxbx"],
    ["remove-at:#1,cab=", "ab", "cb"],
    ["remove-any:cab=", "cb", "bc"],
  ])("%s %s, not %s", (prompt, right, wrong) => {
    expect(judge(prompt, right)).toEqual({ ok: true });
    expect(judge(prompt, wrong).ok).toBe(false);
  });

  it("refuses places that the list has not", () => {
    expect(judge("remove-at:#4,cab=", "cab").ok).toBe(false);
    expect(judge("insert-at:#0x,cab=", "xcab").ok).toBe(false);
  });
});

describe("CountDown", () => {
  it("accepts any legal way and names the first false line", () => {
    const prompt = "countdown:25:12,7,5=";
    expect(judge(prompt, "12-7=5|5,5\n5*5=25|25")).toEqual({ ok: true });
    expect(whyNot(prompt, "12-7=4|5,4\n5*5=25|25")).toContain("12-7=4");
    expect(whyNot(prompt, "12-7=5|5,5")).toContain("left over");
    expect(whyNot(prompt, "12+7=19|19,5\n19+5=24|24")).toContain("24, not 25");
    expect(judge(prompt, "7-12=5|5,5\n5*5=25|25").ok).toBe(false);
  });

  /** All values that any bracketing over any order gives, written with no regard to the code under test. */
  function values(numbers: readonly number[]): Set<number> {
    const [only, ...others] = numbers;
    if (only !== undefined && others.length === 0) return new Set([only]);
    const found = new Set<number>();
    for (let part = 1; part < (1 << numbers.length) - 1; part++)
      for (const a of values(numbers.filter((_, i) => (part >> i) & 1)))
        for (const b of values(numbers.filter((_, i) => !((part >> i) & 1))))
          for (const result of [a + b, a - b, a * b, a / b])
            if (a >= b && Number.isInteger(result) && result >= 1 && result <= MOST) found.add(result);
    return found;
  }

  it("reaches exactly what some bracketing of the numbers gives", () => {
    const number = fc.integer({ min: 1, max: 25 });
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 10, max: 60 }),
        (numbers, target) => {
          expect(reachable(numbers, target)).toBe(values(numbers).has(target));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("follows its own moves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 2, maxLength: 4 }),
        fc.nat(),
        (numbers, pick) => {
          const moves = movesFrom(numbers);
          fc.pre(moves.length > 0);
          const move = moves[pick % moves.length] as (typeof moves)[number];
          expect(followLines(numbers, [lineOf(move)])).toEqual({ left: move.left });
          expect(move.left).toHaveLength(numbers.length - 1);
        },
      ),
    );
  });

  it("asks only for what can be reached", () => {
    for (let number = 0; number < 40; number++) {
      const { prompt } = draw("countdown", number, 4);
      const [target = 0, ...numbers] = (prompt.match(/\d+/g) ?? []).map(Number);
      expect(reachable(numbers, target)).toBe(true);
    }
  });
});

describe("squares", () => {
  it("counts the 288 Sudoku grids there are", () => {
    expect(solveSudoku(".".repeat(16), 1000)).toHaveLength(288);
  });

  it("gives puzzles with one solution and accepts no other", () => {
    for (let number = 0; number < 20; number++) {
      const { prompt, answer, level } = draw("sudoku", number);
      const grid = prompt.slice("sudoku:".length, -1);
      expect(grid.replaceAll(/[^.]/g, "")).toHaveLength(level);
      expect(solveSudoku(grid, 1000)).toEqual([answer]);
    }
    expect(judge(`sudoku:${".".repeat(16)}=`, "1234341221434321").ok).toBe(false);
  });

  it("takes any Latin square of the letters and no other grid", () => {
    expect(judge("latin:abcd=", "abcdbcdacdabdabc")).toEqual({ ok: true });
    expect(judge("latin:abcd=", "badcabcddcbacdab").ok).toBe(true);
    expect(judge("latin:abcd=", "abcdabcdabcdabcd").ok).toBe(false);
    expect(judge("latin:abcd=", "xyzwyzwxzwxywxyz").ok).toBe(false);
  });
});

describe("word problems, sums, lookups, records", () => {
  it("reads the story and takes the last number", () => {
    expect(wordsResult("words:Tom has 3 boxes of 4 eggs. Gets 5. Gives 2. How many?=")).toBe(15);
    expect(lastNumber("3*4=12;12+5=17")).toBe(17);
    expect(judge("words:Ann has 7 cups. Gives 3. How many?=", "7-3=4")).toEqual({ ok: true });
    expect(judge("words:Ann has 7 cups. Gives 3. How many?=", "7-3=5")).toMatchObject({
      why: "the result is 4, not 5",
    });
  });

  it("sums modulo ten and follows tables", () => {
    expect(judge("sums:3594________=", "3871")).toEqual({ ok: true });
    expect(judge("hops:abbccddeeffa,a4=", "e")).toEqual({ ok: true });
    expect(judge("hops:abbccddeeffa,a4=", "d").ok).toBe(false);
  });

  it("wants the keys in order and values of their kind", () => {
    const prompt = 'json:"age","ok"=';
    expect(judge(prompt, '{"age":7,"ok":null}')).toEqual({ ok: true });
    expect(judge(prompt, '{"ok":null,"age":7}').ok).toBe(false);
    expect(judge(prompt, '{"age":07,"ok":null}')).toMatchObject({ why: "it is no JSON" });
    expect(judge(prompt, '{"age":"7","ok":null}').ok).toBe(false);
  });
});
