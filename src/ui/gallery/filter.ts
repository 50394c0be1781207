/** Which cards of the gallery are shown: by pillar, by property, by model, by words. */
import { fits, type MethodInfo } from "../definitions";
import { pillarOf } from "../pillars";

export const PROPERTIES = {
  exact: {
    label: "Exact",
    help: "The text has the target model's own law.",
    has: (m: MethodInfo) => m.lossless,
  },
  untrained: {
    label: "Needs no training",
    help: "Works with models as they come; nothing is trained for the method itself.",
    // Drafts and guiders are language models of their own; any other part was made for the method.
    has: (m: MethodInfo) => ["", "draft", "guider"].includes(m.requires.split("+")[1] ?? ""),
  },
  alone: {
    label: "Needs no second model",
    help: "No draft model and no guider has to be loaded.",
    has: (m: MethodInfo) => !m.requires.includes("+"),
  },
} as const;
export type Property = keyof typeof PROPERTIES;

export interface Filter {
  /** Id of a pillar; null for all. */
  readonly pillar: string | null;
  readonly properties: readonly Property[];
  /** Id of a model that has to be able to run it; null for all. */
  readonly model: string | null;
  /** Every word has to occur in the method's name, summary, or its paper's title, authors or year. */
  readonly words: string;
}

export const NO_FILTER: Filter = { pillar: null, properties: [], model: null, words: "" };

/** Letters without case and accents, so that "Medusa" finds "Méduse". */
const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export function passes(method: MethodInfo, filter: Filter): boolean {
  const { title, authors, year } = method.source;
  const text = plain(`${method.label} ${method.summary} ${title} ${authors} ${year}`);
  return (
    (filter.pillar === null || pillarOf(method).id === filter.pillar) &&
    filter.properties.every((p) => PROPERTIES[p].has(method)) &&
    (filter.model === null || fits(method, filter.model)) &&
    plain(filter.words)
      .split(/\s+/)
      .every((word) => text.includes(word))
  );
}
