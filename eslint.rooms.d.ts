import type { Linter } from "eslint";

/** Lint rules of the room table, for a repository at `root`; independent of type information. */
export function roomRules(root: string): Linter.Config[];
