/** Devices that bind little at once: caches and vocabularies in parts decode the same text. */
import { expect, it } from "vitest";
import { bundled, openHost, runToEnd } from "./helpers";

it("a cache in a buffer for each layer, moved after every round, and a vocabulary in parts", async () => {
  const texts: (readonly number[])[] = [];
  const buffers: number[] = [];
  for (const choices of [{}, { "cache.buffer_bytes": 1, "upload.part_bytes": 1 << 18 }]) {
    const host = await openHost();
    host.tuning = { ...host.tuning, choices: { ...host.tuning.choices, ...choices } };
    await host.load("story-target", bundled("story-target"));
    await host.load("story-draft", bundled("story-draft"));
    let most = 0;
    const run = { model: "story-target", draft: "story-draft", method: "rsd-s", sampler: { temperature: 1 } };
    const { tokens } = await runToEnd(
      host,
      { ...run, prompt: "Once upon a time", maxNewTokens: 24 },
      { cancelled: false },
      () => {
        most = Math.max(most, host.memory.leaks().filter((label) => /target\.cache\d/.test(label)).length);
      },
    );
    texts.push(tokens);
    buffers.push(most);
    host.destroy();
  }
  expect(buffers[0]).toBe(1);
  expect(buffers[1]).toBeGreaterThan(1);
  expect(texts[0]!.length).toBe(24);
  expect(texts[1]).toEqual(texts[0]);
});
