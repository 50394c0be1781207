/** The families that methods fall into, derived from what a method declares: groups of the menu and filters of the gallery. */
import { methods, type MethodInfo } from "./definitions";

export interface Pillar {
  readonly id: string;
  readonly label: string;
  readonly has: (method: MethodInfo) => boolean;
}

/** A method belongs to the first that has it. */
export const pillars: readonly Pillar[] = [
  { id: "denoising", label: "Denoising", has: (m) => m.requires.startsWith("masked") },
  { id: "recursion", label: "Recursion", has: (m) => ["recurrent", "routed"].includes(m.requires) },
  { id: "drafts", label: "Draft trees", has: (m) => m.views[0] === "tree" },
  { id: "plain", label: "Token by token", has: () => true },
];

export const pillarOf = (method: MethodInfo): Pillar => pillars.find((p) => p.has(method))!;

export interface Group {
  readonly pillar: Pillar;
  readonly methods: readonly MethodInfo[];
}

/** Methods by pillar, both in the order of the registry; no group is empty. */
export function groupsOf(list: readonly MethodInfo[] = methods): readonly Group[] {
  const order = [...new Set(list.map(pillarOf))];
  return order.map((pillar) => ({ pillar, methods: list.filter((m) => pillarOf(m) === pillar) }));
}
