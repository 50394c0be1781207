/** What turns a drawing of the page into a file that stands alone. */

/** Replaces var(--name) by its value here and now: files know no style sheet. */
export const inlineVariables = (svg: string, valueOf: (name: string) => string): string =>
  svg.replace(/var\((--[\w-]+)\)/g, (_, name: string) => valueOf(name).trim().replace(/"/g, "'"));
