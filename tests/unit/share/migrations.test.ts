import { expect, it } from "vitest";
import { LINK_VERSION, migrate, MIGRATIONS, type Migration } from "../../../src/share/migrations";

const list: readonly Migration[] = [
  (link) => ({ ...link, steps: ["1 to 2"] }),
  (link) => ({ ...link, steps: [...(link["steps"] as string[]), "2 to 3"] }),
];

it("runs those after a link's version, in order", () => {
  expect(migrate({ seed: 1, steps: [] }, 1, list)).toEqual({ seed: 1, steps: ["1 to 2", "2 to 3"] });
  expect(migrate({ seed: 1, steps: ["old"] }, 2, list)).toEqual({ seed: 1, steps: ["old", "2 to 3"] });
  expect(migrate({ seed: 1, odd: null }, 3, list)).toEqual({ seed: 1, odd: null });
});

it("one migration fewer than versions, and none that trips over strange values", () => {
  expect(MIGRATIONS).toHaveLength(LINK_VERSION - 1);
  const strange = { params: null, sampler: 3, seed: [], unknown: true };
  for (let v = 1; v <= LINK_VERSION; v++) expect(() => migrate(strange, v)).not.toThrow();
});
