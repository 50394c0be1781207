/** Names in place of ids, in what result files say. */
import { methods, models } from "../definitions";

const LABELS = new Map(
  [...methods, ...models].filter(({ id }) => id.includes("-")).map(({ id, label }) => [id, label]),
);
const IDS = new RegExp(
  `(?<![\\w/.-])(${[...LABELS.keys()].sort((a, b) => b.length - a.length).join("|")})(?![\\w/-])`,
  "g",
);

/** A sentence of a result file with the ids of methods and models replaced by the names that the page has for them. */
export const withNames = (text: string): string => text.replace(IDS, (id) => LABELS.get(id) ?? id);
