/**
 * Which marks of a tree have their label written, and where: as many as there is room for, in the order of how much they matter.
 * Labels keep a size that can be read however small the tree is drawn.
 */
import {
  columnScale,
  GLYPH,
  isOnPath,
  LABEL_SIZE,
  NUMBERS_SIZE,
  type PlacedMark,
  ROW,
  type TreeLayout,
} from "./tree_layout";
import { textWidth } from "./text_width";

export interface LabelPlace {
  /** Of the beginning of the text, or of its middle, relative to the glyph's middle; y is the baseline. */
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle";
  /** Where edges to children begin, right of the glyph's middle. */
  readonly end: number;
}

/** Everything about a tree at a scale, in px relative to its anchor. */
export interface ScaledTree {
  readonly k: number;
  /** Scale of the columns. */
  readonly wide: number;
  /** Px between neighbouring rows. */
  readonly row: number;
  /** Radius of glyphs, of those on the committed path and of others. */
  readonly pathRadius: number;
  readonly radius: number;
  readonly fontSize: number;
  readonly hasNumbers: boolean;
  /** Where labels are written, by the marks' keys; others have none. */
  readonly labels: ReadonlyMap<string, LabelPlace>;
}

/** Rows closer than this have no room for numbers under the labels. */
const NUMBERS_FROM = 31;
/** Columns that have less of their natural width than this have no room for numbers beside glyphs. */
const NUMBERS_WIDE = 0.8;
/** Rows closer than this leave labels to the marks on the path. */
const LABELS_FROM = 10;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Boxes that are taken, found again by the band of rows they are in. */
class Taken {
  readonly #bands = new Map<number, Box[]>();
  readonly #height = 24;
  add(box: Box): void {
    for (let band = this.#band(box.top); band <= this.#band(box.bottom); band++) {
      const boxes = this.#bands.get(band);
      if (boxes) boxes.push(box);
      else this.#bands.set(band, [box]);
    }
  }
  hits({ left, right, top, bottom }: Box): boolean {
    for (let band = this.#band(top); band <= this.#band(bottom); band++)
      for (const b of this.#bands.get(band) ?? [])
        if (b.left < right && left < b.right && b.top < bottom && top < b.bottom) return true;
    return false;
  }
  #band(y: number): number {
    return Math.floor(y / this.#height);
  }
}

const boxAround = (x: number, y: number, r: number): Box => ({
  left: x - r,
  right: x + r,
  top: y - r,
  bottom: y + r,
});

/** Marks in the order in which they get their labels: the path, then refused ones, then the likeliest. */
function byWeight(marks: readonly PlacedMark[]): readonly PlacedMark[] {
  const rank = (m: PlacedMark): number => {
    if (isOnPath(m) || m.parent === null) return 3;
    if (m.mark.kind === "node")
      return (m.mark.node.state === "rejected" ? 1 : 0) + Math.exp(m.mark.node.draftLogprob) / 2;
    return m.mark.kind === "candidate" ? Math.exp(m.mark.candidate.logprob) / 2 : 0;
  };
  const ranked = marks.map((m) => ({ m, rank: rank(m) }));
  return ranked.sort((a, b) => b.rank - a.rank).map(({ m }) => m);
}

/** The sizes and labels of a tree at a scale. */
export function scaleTree(layout: TreeLayout, k: number): ScaledTree {
  const wide = columnScale(layout, k);
  const row = layout.row * k;
  const size = row > ROW ? row / ROW : 1;
  const radius = Math.max(1.5, Math.min(GLYPH, row * 0.36)) * size;
  const pathRadius = Math.max(4, Math.min(GLYPH, row * 0.36)) * size;
  const fontSize = LABEL_SIZE * (row > ROW ? size : row < 20 ? 0.82 : 1);
  const hasNumbers = row >= NUMBERS_FROM && wide >= NUMBERS_WIDE * layout.squeeze;
  const ys = layout.marks.map((m) => m.y * k);
  const limits = { top: Math.min(...ys) - layout.free, bottom: Math.max(...ys) + layout.free };
  const taken = new Taken();
  const sizeOf = (m: PlacedMark): number => (isOnPath(m) || m.parent === null ? pathRadius : radius);
  for (const m of layout.marks) {
    const isPath = isOnPath(m) || m.parent === null;
    // Where glyphs run into one another no label could avoid them all.
    if (isPath || row >= 6) taken.add(boxAround(m.x * wide, m.y * k, sizeOf(m) - 0.5));
  }
  const labels = new Map<string, LabelPlace>();
  const parents = new Set(layout.marks.map((m) => m.parent));
  for (const m of byWeight(layout.marks)) {
    const isPath = isOnPath(m) || m.parent === null;
    if (!isPath && row < LABELS_FROM) continue;
    const place = placeLabel(m, {
      layout,
      k,
      wide,
      fontSize,
      hasNumbers,
      isPath,
      r: sizeOf(m),
      limits,
      taken,
      hasChildren: parents.has(m.key),
    });
    if (place) labels.set(m.key, place);
  }
  return { k, wide, row, radius, pathRadius, fontSize, hasNumbers, labels };
}

interface Around {
  readonly layout: TreeLayout;
  readonly k: number;
  readonly wide: number;
  readonly fontSize: number;
  readonly hasNumbers: boolean;
  readonly isPath: boolean;
  readonly r: number;
  readonly taken: Taken;
  /** What is in the frame when the whole tree is. */
  readonly limits: { readonly top: number; readonly bottom: number };
  readonly hasChildren: boolean;
}

/** A place for a label: beside its glyph, or above or below it if the next column comes too soon. Null if all are taken. */
function placeLabel(m: PlacedMark, around: Around): LabelPlace | null {
  const { layout, k, wide, fontSize, hasNumbers, isPath, r, taken, hasChildren, limits } = around;
  const [x, y] = [m.x * wide, m.y * k];
  const numbers = hasNumbers ? textWidth(m.numbers, (NUMBERS_SIZE * fontSize) / LABEL_SIZE) : 0;
  const width = Math.max(textWidth(m.label, fontSize), numbers);
  const under = hasNumbers && m.numbers !== "" ? fontSize * 0.9 : 0;
  const beside: Box = {
    left: x + r + 5,
    right: x + r + 6 + width,
    top: y - fontSize * 0.55,
    bottom: y + fontSize * 0.45 + under,
  };
  const next = hasChildren ? (layout.columns[m.depth + 1] ?? Infinity) * wide : Infinity;
  if (beside.right + 8 + GLYPH < next && !taken.hits(beside)) {
    taken.add(beside);
    return { x: r + 6, y: under > 0 ? 1.5 : fontSize * 0.36, anchor: "start", end: r + 9 + width };
  }
  // Off the row a label may cross edges of others: worth it for the path, and for others where the rows are far apart.
  const levels = isPath ? [1, 2, 3] : layout.row * k >= ROW * 0.8 ? [1] : [];
  for (const level of levels)
    for (const sign of [-1, 1]) {
      const baseline =
        sign < 0 ? -r - 5 - (level - 1) * fontSize - under : r + fontSize + (level - 1) * fontSize;
      const box: Box = {
        left: x - width / 2 - 2,
        right: x + width / 2 + 2,
        top: y + baseline - fontSize * 0.8,
        bottom: y + baseline + fontSize * 0.2 + under,
      };
      if (box.top < limits.top || box.bottom > limits.bottom || taken.hits(box)) continue;
      taken.add(box);
      return { x: 0, y: baseline, anchor: "middle", end: r + 2 };
    }
  return null;
}
