/** 4 x 4 Latin squares of given letters, and 4 x 4 Sudoku with one solution; cells row by row. */
import { permutations } from "../base/permutations";
import type { Random } from "./random";
import { checkAgainst, parsePrompt, range, RIGHT, wrong, type Task, type Verdict } from "./task";

const N = 4;
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");

const rowCells = (row: number): number[] => range(0, N - 1).map((column) => N * row + column);
const columnCells = (column: number): number[] => range(0, N - 1).map((row) => N * row + column);
const boxCells = (box: number): number[] =>
  range(0, N - 1).map((k) => N * (2 * (box >> 1) + (k >> 1)) + 2 * (box & 1) + (k & 1));
const LINES = range(0, N - 1).flatMap((i) => [rowCells(i), columnCells(i)]);
const UNITS = [...LINES, ...range(0, N - 1).map(boxCells)];
/** For each cell the cells that may not hold the same. */
const PEERS = range(0, N * N - 1).map((cell) => UNITS.filter((unit) => unit.includes(cell)).flat());

function checkLatin(prompt: string, answer: string): Verdict {
  const symbols = parsePrompt(prompt, "latin:", "([a-z]{4})")?.[0];
  if (symbols === undefined || new Set(symbols).size !== N)
    return wrong("the prompt is not of this task's form");
  if (answer.length !== N * N) return wrong(`it has ${answer.length} cells, not ${N * N}`);
  const full = LINES.every((line) => new Set(line.map((cell) => answer[cell])).size === N);
  const known = Array.from(answer).every((symbol) => symbols.includes(symbol));
  return full && known ? RIGHT : wrong("a row or column has not each letter once");
}

/** A cyclic square with rows, columns and letters in some order. */
const cyclicSquare = (
  rows: readonly number[],
  columns: readonly number[],
  names: readonly string[],
): string => rows.flatMap((row) => columns.map((column) => names[(row + column) % N] as string)).join("");

/** A cyclic square with rows, columns and letters shuffled, as the benchmark draws them. */
function makeLatin(random: Random, symbols: readonly string[]): string {
  const order = range(0, N - 1);
  const [rows, columns, names] = [random.shuffled(order), random.shuffled(order), random.shuffled(symbols)];
  return cyclicSquare(rows, columns, names);
}

/** Every square of the letters a to d that the task draws, all of them equally often: 432 of the 576 there are. */
export function latinSquares(): string[] {
  const orders = permutations(range(0, N - 1));
  const names = permutations(LETTERS.slice(0, N));
  return [
    ...new Set(
      orders.flatMap((rows) => orders.flatMap((columns) => names.map((n) => cyclicSquare(rows, columns, n)))),
    ),
  ];
}

const latin: Task = {
  id: "latin",
  label: "Latin square",
  summary: "Four rows of the four letters, each letter once in every row and column.",
  opening: "latin:",
  levelMeans: "rows",
  levels: [N],
  longest: N * N + 1,
  ambiguous: true,
  make(_level, random) {
    const symbols = random.sample(LETTERS, N);
    return { prompt: `latin:${symbols.join("")}=`, answer: makeLatin(random, symbols) };
  },
  check: checkLatin,
};

/** Up to `most` solutions of a grid with "." for open cells, first digits first unless `order` says otherwise. */
export function solveSudoku(
  grid: string,
  most = 2,
  order: (cell: number) => readonly string[] = () => Array.from("1234"),
): string[] {
  const cell = grid.indexOf(".");
  if (cell < 0) return [grid];
  const solutions: string[] = [];
  for (const digit of order(cell)) {
    if (PEERS[cell]?.some((peer) => grid[peer] === digit)) continue;
    const filled = grid.slice(0, cell) + digit + grid.slice(cell + 1);
    solutions.push(...solveSudoku(filled, most - solutions.length, order));
    if (solutions.length >= most) break;
  }
  return solutions;
}

/** The only solution, or null; also null if the given cells contradict each other. */
function onlySolution(grid: string): string | null {
  const clash = Array.from(grid).some(
    (digit, cell) => digit !== "." && PEERS[cell]?.some((p) => p !== cell && grid[p] === digit),
  );
  const solutions = clash ? [] : solveSudoku(grid);
  return solutions.length === 1 ? (solutions[0] ?? null) : null;
}

const sudoku: Task = {
  id: "sudoku",
  label: "Sudoku 4 x 4",
  summary: "Fill the open cells so that rows, columns and boxes hold 1 to 4; there is one solution.",
  opening: "sudoku:",
  levelMeans: "open cells",
  levels: range(4, 10),
  longest: N * N + 1,
  ambiguous: false,
  make(level, random) {
    const [answer = ""] = solveSudoku(".".repeat(N * N), 1, () => random.shuffled(Array.from("1234")));
    for (;;) {
      const open = new Set(random.sample(range(0, N * N - 1), level));
      const grid = Array.from(answer)
        .map((digit, cell) => (open.has(cell) ? "." : digit))
        .join("");
      if (onlySolution(grid) !== null) return { prompt: `sudoku:${grid}=`, answer };
    }
  },
  check: checkAgainst((prompt) => {
    const grid = parsePrompt(prompt, "sudoku:", "([1-4.]{16})")?.[0];
    return grid === undefined ? null : onlySolution(grid);
  }),
};

export const squareTasks: readonly Task[] = [latin, sudoku];
