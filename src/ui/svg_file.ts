/** What turns a drawing of the page into a file that stands alone. */

/** Replaces var(--name) by its value here and now: files know no style sheet. */
export const inlineVariables = (svg: string, valueOf: (name: string) => string): string =>
  svg.replace(/var\((--[\w-]+)\)/g, (_, name: string) => valueOf(name).trim().replace(/"/g, "'"));

/** A face of the page's style sheet: its rule as CSS, its family, and the address of its file. */
export interface Face {
  readonly rule: string;
  readonly family: string;
  readonly url: string;
}

/** The faces whose family a drawing names. */
export const facesIn = (svg: string, faces: readonly Face[]): readonly Face[] =>
  faces.filter(({ family }) => svg.includes(family));

/** Puts style rules first in a drawing. */
export const withRules = (svg: string, rules: string): string =>
  rules === "" ? svg : svg.replace(/<svg[^>]*>/, (open) => `${open}<style>${rules}</style>`);

/** A face's rule with the file's bytes in place of its address. */
export function ruleWithBytes({ rule }: Face, bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return rule.replace(/url\([^)]*\)/, `url(data:font/woff2;base64,${btoa(binary)})`);
}
