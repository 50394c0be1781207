/**
 * Makes the fonts of src/ui/fonts from their packages: Latin-1 and the page's own signs, and the weights in use.
 * A half and a third of the bytes of the packages' files. Run again after an update: node scripts/subset_fonts.mjs
 */
import { readFileSync, writeFileSync } from "node:fs";
import subsetFont from "subset-font";

const range = (from, to) =>
  String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
/** Latin-1 without controls, typographic punctuation, and signs that labels use. */
const KEPT = `${range(0x20, 0x7e)}${range(0xa0, 0xff)}ıŒœ–—‘’‚“”„•…‹›€←↑→↓−⟨⟩\u202f`;

const FONTS = [
  { package: "inter", file: "inter-latin", wght: { min: 400, max: 700 } },
  { package: "source-serif-4", file: "source-serif-4-latin", wght: { min: 400, max: 600 } },
];

for (const font of FONTS) {
  const source = readFileSync(
    `node_modules/@fontsource-variable/${font.package}/files/${font.file}-wght-normal.woff2`,
  );
  const subset = await subsetFont(source, KEPT, {
    targetFormat: "woff2",
    variationAxes: { wght: font.wght },
  });
  const target = `src/ui/fonts/${font.file}.woff2`;
  writeFileSync(target, subset);
  console.log(`${target}: ${source.length} bytes became ${subset.length}`);
}
