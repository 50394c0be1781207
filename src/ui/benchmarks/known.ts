/** The benchmarks this project has, in the order the page shows them; results that are none of these come after. */

export interface KnownBenchmark {
  readonly id: string;
  /** What it asks, for as long as there is no result to say so. */
  readonly label: string;
  /** Writes public/benchmarks/ID.json. */
  readonly command: string;
}

export const knownBenchmarks: readonly KnownBenchmark[] = [
  {
    id: "denoise",
    label: "ParallelBench: what may be decoded in parallel, and what denoising strategies save",
    command: "npm run bench:denoise",
  },
  {
    id: "drafts",
    label: "Draft trees: how many tokens one target pass yields, by method, tree size and temperature",
    command: "npm run bench:drafts",
  },
];
