/**
 * What the fragment of the page's address means: a place ("#gallery", "#gallery/prophet"; what follows the place is its
 * own) or a link to a run ("#v1.<settings>"). Places are words, so the two never meet.
 */

export interface Route {
  /** Id of the place. */
  readonly place: string;
  /** What to show in it, such as the id of a card; null for the place as it is. */
  readonly item: string | null;
}

export type Fragment =
  | { readonly kind: "place"; readonly route: Route }
  /** For share/link.ts to read. */
  | { readonly kind: "link" }
  /** Looks like a place, but is none. `name` is safe to show: a short word. */
  | { readonly kind: "unknown"; readonly name: string };

/** The place one is in when the address names none. */
export const HOME = "playground";

/** The page of licences beside this one; made by scripts/licences.ts. */
export const LICENCES = "./licences.html";

/** Longer words are no names of ours. */
const WORD = /^#?([a-z][a-z-]{0,39})(?:\/([\w-]{1,80}))?\/?$/i;
/**
 * What a place puts together of several words and links: "#compare/passes/v1.<settings>/v1.<settings>", "#models/org/name@main".
 */
const LONG = /^#?([a-z][a-z-]{0,39})\/([\w-]+(?:[./@][\w-]+)+)$/i;

/** Reads a fragment, with or without its "#". `places` are the ids there are. */
export function readFragment(fragment: string, places: readonly string[]): Fragment {
  if (fragment === "" || fragment === "#") return { kind: "place", route: { place: HOME, item: null } };
  const [, word, item = null] = WORD.exec(fragment) ?? LONG.exec(fragment) ?? [];
  if (word === undefined) return { kind: "link" };
  const place = places.find((id) => id === word.toLowerCase());
  return place === undefined ? { kind: "unknown", name: word } : { kind: "place", route: { place, item } };
}

/** The address of a place, or of an item in it. */
export const hrefOf = (place: string, item?: string): string =>
  `#${place === HOME && item === undefined ? "" : place}${item === undefined ? "" : `/${item}`}`;
