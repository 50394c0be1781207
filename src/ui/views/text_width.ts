/** Widths of text without a browser, so that layouts are the same in tests, exports and on the page. */
import { truncate } from "../format";

const NARROW = new Set(Array.from("ijlft.,:;'!|()[]I\u00b7\u201c\u201d\u2018\u2019`"));
const WIDE = new Set(Array.from("mwMW@%\u2026\u2192"));

/** Width of a text in px at a font size, within about 8 % for the page's sans serif. */
export function textWidth(text: string, fontSize: number): number {
  let em = 0;
  for (const c of text) {
    if (NARROW.has(c)) em += 0.31;
    else if (WIDE.has(c)) em += 0.88;
    else if (c >= "A" && c <= "Z") em += 0.68;
    else if (c >= "\u1100") em += 1;
    else em += 0.575;
  }
  return em * fontSize;
}

/** As much of a text as fits into a width, from its beginning. */
export function fitText(text: string, width: number, fontSize: number): string {
  let length = Array.from(text).length;
  while (length > 1 && textWidth(truncate(text, length), fontSize) > width) length--;
  return truncate(text, length);
}

/** Words broken into lines of at most `width` px. */
export function wrapText(text: string, width: number, fontSize: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, fontSize) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === "" ? lines : [...lines, line];
}
