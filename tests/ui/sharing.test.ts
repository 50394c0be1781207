/** What the share dialog says of a link that was made while the run went on. */
import { expect, it } from "vitest";
import { lackOf } from "../../src/ui/sharing/lack";

it("a link made during a run says up to where it was recorded, and nothing once it has all", () => {
  expect(lackOf(3, 12)).toBe("Recorded up to step 3 of a run that went on; it is at step 12 now.");
  expect(lackOf(12, 12)).toBeNull();
});
