/**
 * Writes problems for training: `tasks.ts --out DIR [--count N] [--test N] [--seed S]`. For each task NAME.train.u8 and
 * NAME.test.u8, a byte for level, length of prompt and length of answer each, then both as token ids; tasks.json lists them.
 * The same options write the same bytes on every machine.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { drawProblem, tasks, type Problem, type Split, type Task } from "../src/tasks";
import { BOS, encode, EOS, tokenizerJson, VOCABULARY, VOCABULARY_ROWS } from "../src/tasks/vocabulary";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    count: { type: "string", default: "12000" },
    test: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
  },
});
if (values.out === undefined)
  throw new Error("expected --out DIR, the folder that the problems are written to");
const out = values.out;
const seed = Number(values.seed);
const counts: Record<Split, number> = { train: Number(values.count), test: Number(values.test) };
for (const [name, count] of Object.entries(counts))
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`expected a whole number of ${name} problems, found ${count}`);

function record({ level, prompt, answer }: Problem): number[] {
  const asked = [BOS, ...encode(prompt)];
  const answered = [...encode(answer), EOS];
  return [level, asked.length, answered.length, ...asked, ...answered];
}

function problems(task: Task, split: Split): Uint8Array {
  const parts = Array.from({ length: counts[split] }, (_, number) =>
    Uint8Array.from(record(drawProblem(task, { seed: split === "train" ? seed : seed + 1, number, split }))),
  );
  return Buffer.concat(parts);
}

await mkdir(out, { recursive: true });
for (const task of tasks)
  for (const split of ["train", "test"] as const)
    await writeFile(join(out, `${task.id}.${split}.u8`), problems(task, split));
const listed = tasks.map(({ id, label, levels, ambiguous }) => ({ id, label, levels, ambiguous }));
const about = {
  seed,
  train: counts.train,
  test: counts.test,
  vocabulary: VOCABULARY.length,
  rows: VOCABULARY_ROWS,
  tasks: listed,
};
await writeFile(join(out, "tasks.json"), JSON.stringify(about, null, 1) + "\n");
await writeFile(join(out, "tokenizer.json"), JSON.stringify(tokenizerJson()) + "\n");
console.log(`${tasks.length} tasks, ${counts.train} + ${counts.test} problems each, in ${out}`);
