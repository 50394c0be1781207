/** How many rows recorded work has, so that few lists are recorded for all the numbers of rows there are. */

/** Rows of the list that a pass of `rows` uses, `most` at the most; the rest are idle. */
export const roomFor = (rows: number, most: number): number =>
  Math.min(most, rows <= 16 ? Math.ceil(rows / 4) * 4 : Math.ceil(rows / 16) * 16);
