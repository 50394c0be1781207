/** Every task: its answers pass its checker, spoilt ones do not, train and test do not meet, and seeds are everything. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawProblem, findTask, judge, splitOf, tasks, type Split, type Task } from "../../../src/tasks";
import { encode, EOS, decode, VOCABULARY, VOCABULARY_ROWS } from "../../../src/tasks/vocabulary";

const splits: readonly Split[] = ["train", "test"];
const problemOf = (task: Task) =>
  fc
    .record({
      seed: fc.nat(1e6),
      number: fc.nat(1e6),
      split: fc.constantFrom(...splits),
      level: fc.constantFrom(...task.levels),
    })
    .map((options) => ({ options, problem: drawProblem(task, options) }));

/** Another character of the same kind, so that a spoilt answer still looks like one. */
function spoil(answer: string, at: number, by: number): string {
  const old = answer[at] ?? "a";
  const kind = /\d/.test(old) ? "0123456789" : "abcdefghijklmnopqrstuvwxyz";
  const next = kind[(kind.indexOf(old) + 1 + (by % (kind.length - 1))) % kind.length] as string;
  return answer.slice(0, at) + next + answer.slice(at + 1);
}

describe.each(tasks.map((task) => [task.id, task] as const))("%s", (_, task) => {
  it("asks for something, and its own answer is right", () => {
    fc.assert(
      fc.property(problemOf(task), ({ problem, options }) => {
        expect(problem.prompt.startsWith(task.opening)).toBe(true);
        expect(problem.level).toBe(options.level);
        expect(judge(problem.prompt, problem.answer)).toEqual({ ok: true });
      }),
    );
  });

  it("comes out the same from the same seed and number, and differs between numbers", () => {
    fc.assert(
      fc.property(problemOf(task), ({ problem, options }) => {
        expect(drawProblem(task, options)).toEqual(problem);
      }),
    );
    const prompts = Array.from(
      { length: 50 },
      (_, number) => drawProblem(task, { seed: 1, number, split: "train" }).prompt,
    );
    // The keys of a record alone make few different prompts.
    expect(new Set(prompts).size).toBeGreaterThan(task.id === "json" ? 5 : 45);
  });

  it("keeps the splits apart", () => {
    fc.assert(
      fc.property(problemOf(task), ({ problem, options }) => {
        expect(splitOf(problem.prompt)).toBe(options.split);
      }),
    );
  });

  it("rejects answers with one character changed, cut off or too long", () => {
    // Where values are free or several answers are right, a changed character may leave a right answer.
    const determined = !task.ambiguous && task.id !== "words";
    fc.assert(
      fc.property(problemOf(task), fc.nat(), fc.nat(), ({ problem: { prompt, answer } }, at, by) => {
        if (determined) expect(judge(prompt, spoil(answer, at % answer.length, by)).ok).toBe(false);
        // Of a word problem only the last number counts, whatever stands before it.
        if (task.id !== "words") {
          expect(judge(prompt, answer.slice(0, -1)).ok).toBe(false);
          expect(judge(prompt, answer + answer).ok).toBe(false);
        }
        expect(judge(prompt, "").ok).toBe(false);
      }),
    );
  });

  it("is spelled in tokens that lead back to the text and that fit into a record", () => {
    fc.assert(
      fc.property(problemOf(task), ({ problem: { prompt, answer } }) => {
        expect(decode(encode(prompt))).toBe(prompt);
        expect(decode([...encode(answer), EOS, EOS])).toBe(answer);
        expect(encode(answer).length + 1).toBeLessThanOrEqual(task.longest);
        expect(encode(prompt).length + 1 + task.longest).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe("the whole set", () => {
  it("has ids and openings of its own, and tokens for the models' embedding", () => {
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
    for (const task of tasks)
      expect(tasks.filter(({ opening }) => opening.startsWith(task.opening))).toEqual([task]);
    expect(new Set(VOCABULARY).size).toBe(VOCABULARY.length);
    expect(VOCABULARY.length).toBeLessThanOrEqual(VOCABULARY_ROWS);
  });

  it("tests on about an eighth of all prompts", () => {
    const letters = Array.from("abcdefghijklmnopqrstuvwxyz");
    const prompts = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => `copy:${a}${b}${c}=`)));
    const share = prompts.filter((prompt) => splitOf(prompt) === "test").length / prompts.length;
    expect(share).toBeGreaterThan(0.115);
    expect(share).toBeLessThan(0.135);
  });

  it("names what is wrong with a task id or a prompt", () => {
    expect(() => findTask("juggle")).toThrow(/no task "juggle".*copy, reverse/s);
    expect(() => encode("copy:äb=")).toThrow(/"ä" at place 6/);
    expect(judge("tell me a story", "no")).toEqual({
      ok: false,
      why: "the prompt opens with the word of no task",
    });
  });
});
