/**
 * WGSL of the register tile that all matrix kernels share: T rows of activations times R quads of weight rows, with the
 * loops over T and R written out. WGSL has no unrolled loops, and arrays indexed by a loop variable leave registers (on
 * software adapters they become scattered loads), so the text is made here, one per tile shape, when it is first asked for.
 *
 * A quad is four neighbouring rows of the matrix and a unit is a quad by one column (integers: by four), so a sum is a `vec4`,
 * one value a row. The order in which a sum is formed depends on the columns and the lanes only, never on T or R: a row's result is
 * the same bits in every tile.
 */
import type { Includes } from "../engine/link";

/** What is done with the rows of x before the product. "gain_gathered" is "gain" for kernels that do much with a sum. */
export type TileInput = "plain" | "norm" | "gain" | "gain_gathered";

export interface TileShape {
  /** T, 1 to 16: rows of activations that share one read of the weights. */
  readonly rows: number;
  /** R: quads of weight rows that share one read of the activations. */
  readonly quads: number;
  /**
   * Units a lane takes at a time. With scales they are neighbours, and their number divides the units of a row and of a
   * scale group and enters the order of sums; without, it is unrolling and no more.
   */
  readonly chunk: number;
  /**
   * "norm" scales sums by 1 / rms(x); "gain" also multiplies x by the kernel's `gain`; with "gain_gathered" sums go through
   * an array and a loop, so that a long `emit` is compiled once and not once a sum.
   */
  readonly input: TileInput;
  /** Sums are multiplied by the scale of their row and group. */
  readonly isScaled: boolean;
  /** How lanes divide the work. */
  readonly lanes: TileLanes;
  /**
   * Columns of a unit; other than 1 only where lanes share x or the storage says so itself. "texels": four, sampled from
   * a texture.
   */
  readonly columns: TileColumns;
}

/**
 * "together": the lanes of a subgroup or workgroup work on one tile, each on its own columns. "alone": every lane has a
 * tile of its own and reads x for itself. "shared": the same, but four lanes read four columns of x for one another: least
 * reading and fewest sums to carry from turn to turn, for adapters that do in many instructions what others do in one.
 */
export type TileLanes = "together" | "alone" | "shared";

export type TileColumns = 1 | 4 | "texels";

export const TILE_ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16] as const;
export const TILE_QUADS = [1, 2, 4] as const;
export const TILE_CHUNKS = [1, 2, 4, 8] as const;
const INPUTS = ["plain", "norm", "gain", "gain_gathered"] as const;
const LANES = ["together", "alone", "shared"] as const;
const COLUMNS = [1, 4, "texels"] as const;

/** Name of a tile's text after `tile.`, as in `uses: { tile: tileName(shape) }`. */
export const tileName = (s: TileShape): string =>
  `t${s.rows}r${s.quads}c${s.chunk}_${s.input}${s.isScaled ? "_scaled" : ""}${s.lanes === "together" ? "" : `_${s.lanes}`}${s.lanes === "shared" ? s.columns : ""}`;

const hasGain = ({ input }: TileShape): boolean => input === "gain" || input === "gain_gathered";

const each = (n: number, f: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => f(i)).join("\n");

/** The loop over a row's columns, four at a time; each lane has read one of the four, and its sums are of its own rows. */
function sharedColumns(s: TileShape): string {
  const sums = s.isScaled ? "p" : "a";
  const four = (k: string): string => `    {
      let turn = ${k};
      let at = 4u * turn + lane;
${hasGain(s) ? "      let g = gain[at];" : ""}
${each(s.quads, (r) =>
  s.columns === "texels"
    ? `      let w${r} = sample_unit(vec2<f32>((f32(4u * turn) + 0.5) * texel, height${r}), texel);`
    : s.columns === 4
      ? `      let w${r} = (*q${r})[turn];`
      : each(4, (i) => `      let w${r}_${i} = (*q${r})[4u * turn + ${i}u];`),
)}
${each(
  s.rows,
  (t) => `      {
        let v = x[x${t} + at];
${s.input === "plain" ? "" : `        n${t} += v * v;`}
        let u = share(${hasGain(s) ? "v * g" : "v"});
${each(s.quads, (r) =>
  s.columns !== 1
    ? `        ${sums}${t}_${r} += times(w${r}, prepare(u));`
    : each(4, (i) => `        ${sums}${t}_${r} += times(w${r}_${i}, prepare(u[${i}]));`),
)}
      }`,
)}
    }`;
  if (!s.isScaled)
    return `  for (var c = 0u; c < UNITS * UNIT_COLUMNS / 4u; c++) {
${four("c")}
  }`;
  return `  for (var c = 0u; c < UNITS / ${s.chunk}u; c++) {
${each(s.rows, (t) => each(s.quads, (r) => `    var p${t}_${r} = vec4<f32>();`))}
${each(s.chunk, (k) => four(`${s.chunk}u * c + ${k}u`))}
${each(
  s.quads,
  (r) => `    {
      let scale = scale_of(scales[s${r} + ${s.chunk}u * c / UNITS_PER_GROUP]);
${each(s.rows, (t) => `      a${t}_${r} += p${t}_${r} * scale;`)}
    }`,
)}
  }`;
}

/** The loop over a row's units. */
function columns(s: TileShape): string {
  if (s.lanes === "shared") return sharedColumns(s);
  const step = (at: string, sum: string): string => `    {
      let at = ${at};
${each(s.quads, (r) => `      let w${r} = (*q${r})[at];`)}
${hasGain(s) ? "      let g = gain[at];" : ""}
${each(
  s.rows,
  (t) => `      {
        let v = x[x${t} + at];
${s.input === "plain" ? "" : `        n${t} += square(v);`}
        let u = prepare(${hasGain(s) ? "v * g" : "v"});
${each(s.quads, (r) => `        ${sum}${t}_${r} += times(w${r}, u);`)}
      }`,
)}
    }`;
  if (!s.isScaled) {
    const single = `  for (; c < UNITS; c += lanes) {
${step("c", "a")}
  }`;
    // A lane's columns and their order are the same for every chunk.
    const unrolled = `  for (; c + ${s.chunk - 1}u * lanes < UNITS; c += ${s.chunk}u * lanes) {
${each(s.chunk, (k) => step(`c + ${k}u * lanes`, "a"))}
  }`;
    return `  var c = lane;
${s.chunk > 1 ? unrolled : ""}
${single}`;
  }
  return `  for (var c = lane * ${s.chunk}u; c < UNITS; c += lanes * ${s.chunk}u) {
${each(s.rows, (t) => each(s.quads, (r) => `    var p${t}_${r} = vec4<f32>();`))}
${each(s.chunk, (k) => step(`c + ${k}u`, "p"))}
${each(
  s.quads,
  (r) => `    {
      let scale = scale_of(scales[s${r} + c / UNITS_PER_GROUP]);
${each(s.rows, (t) => `      a${t}_${r} += p${t}_${r} * scale;`)}
    }`,
)}
  }`;
}

/** What becomes of the sums of which the i-th is `sum(i)` and to be multiplied by `scale(i)`, in a loop. */
function gathered(s: TileShape, sum: (i: number) => string, scale: (i: number) => string): string {
  const count = s.rows * s.quads;
  const loop = (n: number, item: string, value: string): string => `  for (var i = 0u; i < ${n}u; i++) {
    let item = ${item};
    if (item < ${count}u) {
      emit_inside(first_row + item / ${s.quads}u, first_quad + item % ${s.quads}u, ${value});
    }
  }`;
  if (s.lanes !== "together")
    return `  var gathered = array<vec4<f32>, ${count}>(${Array.from({ length: count }, (_, i) => sum(i) + scale(i)).join(", ")});
${loop(count, "i", "gathered[i]")}`;
  // As in {@link epilogue}: totals are the same in all lanes, and four lanes take one of four each.
  const batches = Math.ceil(count / 4);
  const four = (b: number, f: (i: number) => string): string =>
    Array.from({ length: 4 }, (_, i) => (4 * b + i < count ? f(4 * b + i) : "vec4<f32>()")).join(", ");
  return `  var gathered: array<mat4x4<f32>, ${batches}>;
${each(
  batches,
  (b) => `  {
    let all = total4(${four(b, sum)});
    gathered[${b}] = mat4x4<f32>(${four(b, (i) => `all[${i % 4}]${scale(i)}`)});
  }`,
)}
  if (lane < 4u) {
${loop(batches, "4u * i + lane", "gathered[i][lane]")}
  }`;
}

function epilogue(s: TileShape): string {
  const count = s.rows * s.quads;
  /** Accumulator i, row by row. */
  const sum = (i: number): string => `a${Math.floor(i / s.quads)}_${i % s.quads}`;
  const scale = (i: number): string => (s.input === "plain" ? "" : ` * n${Math.floor(i / s.quads)}`);
  const batches = (n: number, f: (first: number, size: number) => string): string =>
    each(Math.ceil(n / 4), (b) => f(4 * b, Math.min(4, n - 4 * b)));
  const four = (size: number, f: (i: number) => string, none: string): string =>
    Array.from({ length: 4 }, (_, i) => (i < size ? f(i) : none)).join(", ");

  const norms =
    s.input === "plain"
      ? ""
      : batches(
          s.rows,
          (first, size) => `  {
    let squares = total(vec4<f32>(${four(size, (i) => `n${first + i}`, "0.0")}));
    let scale = inverseSqrt(squares / f32(UNIT_COLUMNS * UNITS) + params.eps);
${each(size, (i) => `    n${first + i} = scale[${i}];`)}
  }`,
        );
  if (s.input === "gain_gathered") return `${norms}\n${gathered(s, sum, scale)}`;
  if (s.lanes !== "together") {
    return `${norms}
${each(count, (i) => `  emit_inside(first_row + ${Math.floor(i / s.quads)}u, first_quad + ${i % s.quads}u, ${sum(i)}${scale(i)});`)}`;
  }
  // Totals are the same in all lanes. Four are written at once, by four lanes: every subgroup has at least that many.
  return `${norms}
${batches(
  count,
  (first, size) => `  {
    let all = total4(${four(size, (i) => sum(first + i), "vec4<f32>()")});
    if (lane < ${size}u) {
      var v = all[0]${scale(first)};
${each(size - 1, (i) => `      v = select(v, all[${i + 1}]${scale(first + i + 1)}, lane == ${i + 1}u);`)}
      let item = ${first}u + lane;
      emit_inside(first_row + item / ${s.quads}u, first_quad + item % ${s.quads}u, v);
    }
  }`,
)}`;
}

/** The text of one tile. It calls what `weights.*`, `lanes.*` and the kernel define. */
export function tileText(s: TileShape): string {
  return `// tile: ${s.rows} rows by ${s.quads} quads, written by src/kernels/tile.ts
const TILE_ROWS = ${s.rows}u;
const TILE_QUADS = ${s.quads}u;
alias Loaded = ${s.lanes === "shared" ? "f32" : "Activation"};

fn tile(first_row: u32, first_quad: u32, lane: u32, lanes: u32) {
${each(s.quads, (r) => `  let quad${r} = min(first_quad + ${r}u, QUADS - 1u);`)}
${s.columns === "texels" ? "  let texel = 1.0 / f32(UNIT_COLUMNS * UNITS);" : ""}
${each(s.quads, (r) =>
  s.columns === "texels"
    ? `  let height${r} = (f32(quad${r}) + 0.5) / f32(QUADS);`
    : `  let q${r} = &weight[quad${r}];`,
)}
${s.isScaled ? each(s.quads, (r) => `  let s${r} = quad${r} * GROUPS;`) : ""}
  let last_row = params.row_count - 1u;
${each(s.rows, (t) => `  let x${t} = (params.x_row + min(first_row + ${t}u, last_row)) * ROW_LENGTH;`)}
${each(s.rows, (t) => each(s.quads, (r) => `  var a${t}_${r} = vec4<f32>();`))}
${s.input === "plain" ? "" : each(s.rows, (t) => `  var n${t} = 0.0;`)}
${columns(s)}
${epilogue(s)}
}

// Tiles may hang over the edges of the result.
fn emit_inside(row: u32, quad: u32, sum: vec4<f32>) {
  if (row < params.row_count && quad < QUADS) {
    emit(row, quad, sum);
  }
}
`
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join("\n");
}

/** The same includes with every tile's text under `tile.` and its name, made when it is first read. */
export function withTiles(includes: Includes): Includes {
  const all: Record<string, string> = { ...includes };
  for (const rows of TILE_ROWS)
    for (const quads of TILE_QUADS)
      for (const chunk of TILE_CHUNKS)
        for (const input of INPUTS)
          for (const isScaled of [false, true])
            for (const lanes of LANES)
              for (const columns of lanes === "shared" ? COLUMNS : ([1] as const)) {
                const shape = { rows, quads, chunk, input, isScaled, lanes, columns };
                let text: string | undefined;
                Object.defineProperty(all, `tile.${tileName(shape)}`, {
                  enumerable: true,
                  get: () => (text ??= tileText(shape)),
                });
              }
  return all;
}
