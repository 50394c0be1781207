/**
 * Makes src/ui/fonts/inter-latin.woff2 from the Inter package: Latin-1 and the page's own signs, weights 400 to 700.
 * Half the bytes of the file in the package. Run again after an update: node scripts/subset_fonts.mjs
 */
import { readFileSync, writeFileSync } from "node:fs";
import subsetFont from "subset-font";

const SOURCE = "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
const TARGET = "src/ui/fonts/inter-latin.woff2";

const range = (from, to) =>
  String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
/** Latin-1 without controls, typographic punctuation, and signs that labels use. */
const KEPT = `${range(0x20, 0x7e)}${range(0xa0, 0xff)}ıŒœ–—‘’‚“”„•…‹›€←↑→↓−⟨⟩\u202f`;

const source = readFileSync(SOURCE);
const subset = await subsetFont(source, KEPT, {
  targetFormat: "woff2",
  variationAxes: { wght: { min: 400, max: 700 } },
});
writeFileSync(TARGET, subset);
console.log(`${TARGET}: ${source.length} bytes became ${subset.length}`);
