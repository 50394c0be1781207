/** Recorded work has room for the rows of a pass, little more, and few sizes. */
import { expect, it } from "vitest";
import { roomFor } from "../../../src/runtime/room";

it("is a little more than asked, never all of a long canvas for a few rows, and never more than there is", () => {
  expect([1, 4, 5, 16, 17, 33].map((rows) => roomFor(rows, 256))).toEqual([4, 4, 8, 16, 32, 48]);
  expect(roomFor(30, 31)).toBe(31);
  const sizes = new Set<number>();
  for (let rows = 1; rows <= 256; rows++) {
    const room = roomFor(rows, 256);
    expect(room).toBeGreaterThanOrEqual(rows);
    expect(room - rows).toBeLessThan(16);
    sizes.add(room);
  }
  expect(sizes.size).toBeLessThan(20);
});
