/** What all products of a matrix with rows of activations share: the choice of tile, lanes and storage, and the grid. */
import type { Variant } from "../engine/kernel";
import type { BufferRange } from "../engine/memory";
import { type TileInput, TILE_CHUNKS, type TileLanes, TILE_QUADS, tileName } from "./tile";
import type { Recording } from "./tuning";
import { expectParts, fitsTexels, groupsOf, quadsOf, type WeightMatrix, type WeightParts } from "./weights";

/** Overrides that every such kernel declares. */
export const MATVEC_OVERRIDES = {
  WORKGROUP_SIZE: 64,
  GROUPS: 1,
  UNITS_PER_GROUP: 1,
} as const;

/** Up to here rows share one read of the weights and results do not depend on how many there are. */
export const FEW_ROWS = 16;
export const MOST_ROWS = 512;
/** Rows of the tiles for few rows. */
const FEW_TILES = [1, 4, 8, 16] as const;
/** Sums a lane keeps in registers, in vec4s; more makes compilers of software adapters take seconds. */
const MOST_SUMS = 8;

export interface MatvecPlan {
  readonly variant: Variant;
  /** What the dispatch gets: its grid, and the texture of a matrix that is read from one. */
  readonly where: { readonly grid: readonly [number, number]; readonly texture?: GPUTexture };
}

const atMost = (choices: readonly number[], wanted: number, fits: (n: number) => boolean): number =>
  choices.filter((n) => n <= wanted && fits(n)).at(-1) ?? choices[0]!;

/** SwiftShader, the adapter of browsers without a GPU: every turn of a loop costs it more than the arithmetic inside. */
const hasSlowLoops = (rec: Recording): boolean => /swiftshader/i.test(rec.list.engine.gpu.adapter);

/** Whether lanes read x for one another. */
const sharesX = (rec: Recording): boolean =>
  rec.tuning.reduce === "subgroup" &&
  (rec.tuning.choices["matvec.shared"] ?? (hasSlowLoops(rec) ? 1 : 0)) === 1;

/**
 * Whether products should read this matrix from a texture ("matvec.texels"): SwiftShader samples four rows of a column in
 * about half the instructions that it takes to load them. Only lanes that share x do, only in f32, and only what has room.
 */
export const wantsTexels = (rec: Recording, w: Pick<WeightMatrix, "rows" | "cols" | "storage">): boolean =>
  (rec.tuning.choices["matvec.texels"] ?? (hasSlowLoops(rec) ? 1 : 0)) === 1 &&
  sharesX(rec) &&
  fitsTexels(rec.list.engine.gpu.device, w);

/** The includes that read a matrix on this device. */
export function storageInclude(rec: Recording, w: WeightMatrix, mayRound: boolean): string {
  const { f16, packedDot, choices } = rec.tuning;
  if (w.storage === "f16") return f16 ? "f16" : "f16_packed";
  if (w.storage === "int4") return "int4";
  if (w.storage === "int8")
    return packedDot && mayRound && (choices["matvec.packed_dot"] ?? 0) === 1
      ? "int8_dot"
      : (choices["matvec.int8_masks"] ?? (hasSlowLoops(rec) ? 1 : 0)) === 1
        ? "int8_masks"
        : "int8";
  return (choices["matvec.block"] ?? (hasSlowLoops(rec) ? 1 : 0)) === 1 ? "f32_block" : "f32";
}

/**
 * Rows that a kernel reading `count` rows is built for: few numbers, so that pipelines are few. Buffers with room for as
 * many share them.
 */
export const rowsBuiltFor = (count: number): number =>
  count <= 1 ? 1 : Math.max(4, 2 ** Math.ceil(Math.log2(count)));

/** Columns that a lane reads at once, by include. */
const unitColumns = (include: string): 1 | 4 => (/^int|_block$|_texels$/.test(include) ? 4 : 1);

/** Overrides that say how an include divides a matrix. */
export const scaleOverrides = (
  w: WeightMatrix,
  include: string,
): { readonly UNITS: number; readonly GROUPS: number; readonly UNITS_PER_GROUP: number } => ({
  UNITS: w.cols / unitColumns(include),
  GROUPS: groupsOf(w),
  UNITS_PER_GROUP: (w.groupSize === 0 ? w.cols : w.groupSize) / unitColumns(include),
});

/**
 * How W [rows, cols] is multiplied with T rows of `x`, from its row `firstRow`. Choices, each by T and shape class:
 * `matvec.quads` and `matvec.lanes` for T up to 16, `matmul.rows`, `matmul.quads` above; `matvec.scaled_chunk` (integers) and
 * `matvec.shared` (lanes read x for one another) are the same for all T, so that sums are; `matvec.groups`: most workgroups.
 */
export function planMatvec(
  rec: Recording,
  w: WeightMatrix,
  rowCount: number,
  input: TileInput,
  x: { readonly buffer: { readonly size: number }; readonly firstRow?: number },
  overrides: Readonly<Record<string, number>> = {},
): MatvecPlan {
  if (!Number.isInteger(rowCount) || rowCount < 1 || rowCount > MOST_ROWS)
    throw new Error(`matvec: expected 1 to ${MOST_ROWS} rows, found ${rowCount}`);
  const { choices, reduce } = rec.tuning;
  const { features, isSoftware } = rec.list.engine.gpu;
  const quads = quadsOf(w.rows);
  const isShared = sharesX(rec);
  if (w.texels && !isShared) throw new Error("matvec: texels are read by lanes that share x");
  const include = w.texels ? "f32_texels" : storageInclude(rec, w, true);
  const scale = scaleOverrides(w, include);
  const isScaled = w.groupSize > 0;
  const isFew = rowCount <= FEW_ROWS;
  const mode: TileLanes = isShared ? "shared" : isFew ? "together" : "alone";

  const few = rowCount === 1 ? "matvec1" : "matvec";
  const chunk = isScaled
    ? atMost(
        TILE_CHUNKS,
        choices["matvec.scaled_chunk"] ?? (isShared ? 4 : 2),
        (n) => scale.UNITS % n === 0 && scale.UNITS_PER_GROUP % n === 0,
      )
    : isShared
      ? 1
      : atMost(TILE_CHUNKS, choices[`${isFew ? few : "matmul"}.chunk`] ?? 1, () => true);
  // Few tile shapes: each is a pipeline, and what depends on the length of a prompt must not be compiled anew for each.
  const most = choices["matvec.rows"] ?? (isSoftware ? 8 : FEW_ROWS);
  const tileRows = isFew
    ? Math.min(
        most,
        FEW_TILES.find((n) => n >= rowCount)!,
      )
    : Math.min(FEW_ROWS, choices["matmul.rows"] ?? 8);
  const mostSums = choices["matvec.sums"] ?? MOST_SUMS;
  const tileQuads = atMost(
    TILE_QUADS,
    isShared
      ? (choices["matvec.shared_quads"] ?? (w.texels && tileRows === 1 ? 2 : 1))
      : isFew
        ? Math.min(choices[`${few}.quads`] ?? (isSoftware ? 4 : 1), Math.max(1, mostSums / tileRows))
        : (choices["matmul.quads"] ?? 2),
    (n) => quads % n === 0,
  );
  const narrowest = Math.max(4, features.subgroupMin);
  const size =
    mode === "alone"
      ? (choices["matmul.lanes"] ?? (isSoftware ? 4 : 32))
      : reduce === "subgroup"
        ? Math.max(narrowest, choices["matvec.lanes"] ?? (isSoftware ? narrowest : 64))
        : (choices["matvec.lanes"] ?? (isSoftware ? 4 : 64));
  const teams = mode !== "together" ? size : reduce === "subgroup" ? Math.ceil(size / narrowest) : 1;
  const groups = Math.min(
    Math.ceil(quads / (tileQuads * teams)),
    choices["matvec.groups"] ?? mostGroups(rec),
  );
  const rowLength = isShared ? w.cols : scale.UNITS;
  const rowsRead = (x.firstRow ?? 0) + rowCount;
  const rowsBuilt = rowsBuiltFor(rowsRead);
  const hasRoom = x.buffer.size >= 4 * w.cols * rowsBuilt;
  return {
    variant: {
      texture: w.texels !== undefined,
      uses: {
        weights: include,
        lanes: mode === "together" ? reduce : mode === "alone" ? "single" : mode,
        tile: tileName({
          rows: tileRows,
          quads: tileQuads,
          chunk,
          input,
          isScaled,
          lanes: mode,
          columns: w.texels ? "texels" : isShared ? unitColumns(include) : 1,
        }),
      },
      consts: {
        TURNS: Math.ceil(quads / (tileQuads * teams * groups)),
        TEAMS: teams,
        UNITS: scale.UNITS,
        QUADS: quads,
        SCALES: isScaled ? quads * scale.GROUPS : 1,
        ROW_LENGTH: rowLength,
        X_LENGTH: rowLength * (hasRoom ? rowsBuilt : rowsRead),
      },
      overrides: {
        WORKGROUP_SIZE: size,
        GROUPS: scale.GROUPS,
        UNITS_PER_GROUP: scale.UNITS_PER_GROUP,
        ...overrides,
      },
    },
    where: {
      grid: [groups, Math.ceil(rowCount / tileRows)],
      ...(w.texels ? { texture: w.texels } : {}),
    },
  };
}

/** How one part of a matrix is multiplied. */
interface PartPlan extends MatvecPlan {
  readonly bind: { readonly weight: BufferRange; readonly scales: BufferRange };
  /** Where the part's rows lie among all, in quads. */
  readonly rows: { readonly first_quad: number; readonly all_quads: number };
}

/** {@link planMatvec} for every part of W [rows, cols]: one dispatch each. @throws Error if W has another shape */
export function planParts(
  rec: Recording,
  kernel: string,
  { weight, rows, cols, T }: { weight: WeightParts; rows: number; cols: number; T: number },
  input: TileInput,
  x: Parameters<typeof planMatvec>[4],
  overrides: Readonly<Record<string, number>> = {},
): readonly PartPlan[] {
  return expectParts(kernel, weight, rows, cols).map(({ first, part }) => ({
    ...planMatvec(rec, part, T, input, x, overrides),
    bind: { weight: part.data, scales: part.scales ?? part.data },
    rows: { first_quad: first / 4, all_quads: quadsOf(rows) },
  }));
}

/** Threads that SwiftShader computes with; Node before 21 has no navigator. */
const cores = (): number =>
  (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 4;

/** Workgroups that share the tiles of a few rows: all that the grid has room for, or on SwiftShader one for each core. */
export const mostGroups = (rec: Recording): number =>
  hasSlowLoops(rec) ? Math.max(2, Math.min(16, cores())) : 65535;

/** Choices worth measuring on a device, by name; every value gives the same results within rounding. */
export function tuningCandidates(): Readonly<Record<string, readonly number[]>> {
  return {
    "matvec1.quads": [1, 2, 4],
    "matvec.quads": [1, 2, 4],
    "matvec.lanes": [4, 16, 32, 64, 128],
    "matvec.block": [0, 1],
    "matvec1.chunk": [1, 2, 4],
    "matvec.chunk": [1, 2, 4],
    "matvec.scaled_chunk": [1, 2, 4],
    "matvec.packed_dot": [0, 1],
    "matmul.rows": [4, 8, 16],
    "matmul.quads": [1, 2, 4],
    "matmul.lanes": [4, 16, 32, 64],
  };
}
