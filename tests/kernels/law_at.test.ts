import { expect, test } from "vitest";
import { lawAt } from "../../src/kernels/law_at";
import { Outcome, outcomeWords } from "../../src/kernels/layouts";
import { normals, useBench } from "./harness";

const bench = useBench();

test.each([
  [0, 6],
  [2, 0],
  [1, 12],
])("row %i, token %i", async (row, token) => {
  const vocabSize = 13;
  const z = normals(3);
  const laws = Float32Array.from({ length: 3 * vocabSize }, () => -Math.abs(z()));
  const outcome = new Uint32Array(outcomeWords(1));
  outcome[Outcome.FINAL_TOKEN] = token;
  const out = bench().empty(1);
  await bench().run((rec) =>
    lawAt(rec, { laws: bench().buffer(laws), row, outcome: bench().buffer(outcome), vocabSize, out }),
  );
  expect((await bench().f32(out))[0]).toBe(laws[row * vocabSize + token]);
});
