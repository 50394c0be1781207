/** A benchmark result with every part of the format; its numbers are made up and shown nowhere but in tests. */
import type { BenchmarkInput } from "../../src/ui/benchmarks/schema";

export const sampleBenchmark: BenchmarkInput = {
  format: 1,
  id: "sample",
  title: "A sample of every mark",
  summary: "Made up for tests. Nothing here was measured.",
  command: "npm run bench:methods",
  adapter: "an adapter of tests",
  isSoftware: true,
  date: "2026-01-31",
  commit: null,
  charts: [
    {
      title: "Lines with intervals",
      shows: "Two series with intervals, a level and a curve to compare with.",
      x: { label: "Drafted nodes", scale: "log" },
      y: { label: "Time of a round", unit: "ms", range: [0, 12] },
      series: [
        {
          label: "RSD-S",
          points: [
            { x: 4, y: 3, low: 2.5, high: 3.5, label: "beam width 2" },
            { x: 16, y: 5, low: 4, high: 6 },
            { x: 32, y: 9 },
          ],
        },
        {
          label: "RSD-C",
          points: [
            { x: 4, y: 2 },
            { x: 16, y: 4, low: 3, high: 5.5 },
          ],
        },
      ],
      references: [
        { kind: "y", label: "plain decoding", value: 1 },
        { kind: "x", label: "rows of one tile", value: 8 },
        {
          kind: "curve",
          label: "linear cost",
          points: [
            { x: 4, y: 1 },
            { x: 32, y: 8 },
          ],
        },
      ],
    },
    {
      title: "Bars",
      shows: "One bar a name and series.",
      x: { label: "Task", scale: "names" },
      y: { label: "Share solved", unit: "%" },
      mark: "bars",
      series: [
        {
          label: "greedy",
          points: [
            { x: "sorting", y: 40, low: 30, high: 50 },
            { x: "sums", y: 80 },
          ],
        },
        { label: "search", points: [{ x: "sorting", y: 70 }] },
      ],
    },
    {
      title: "Points",
      shows: "Points alone.",
      x: { label: "Rows", range: [0, 10] },
      y: { label: "Error" },
      mark: "points",
      series: [{ label: "int8", points: [{ x: 3, y: 0.2 }] }],
    },
  ],
  tables: [
    {
      title: "All settings",
      help: "One row a method.",
      columns: [
        { key: "method", label: "Method", help: "Link opens its card.", of: "method" },
        { key: "rate", label: "Tokens", unit: "per pass", help: "Committed tokens over passes.", digits: 2 },
      ],
      rows: [
        { method: "rsd-s", rate: 3.1 },
        { method: "rsd-c", rate: null },
      ],
    },
  ],
  notes: [
    { method: "rsd-s", text: "Beam width 4, depth 4." },
    { method: null, text: "Made up." },
  ],
};
