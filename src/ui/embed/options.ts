/**
 * Whether the page stands in a frame of another page, and how it looks there: "?embed", "?embed&theme=dark". In a frame of another
 * site it is always compact, asked or not. There it has nothing to press but what moves through a recorded run: whoever frames the
 * page could lay something of their own over its buttons, and so have a visitor fetch or delete models without knowing.
 */
import type { Theme } from "../stores/layout";

export interface EmbedOptions {
  /** "system" follows the visitor's own preference. */
  readonly theme: Theme;
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** Null for the whole page. `search` is the query of its address. */
export function readEmbed(search: string, isInForeignFrame: boolean): EmbedOptions | null {
  const query = new URLSearchParams(search);
  if (!query.has("embed") && !isInForeignFrame) return null;
  return { theme: THEMES.find((theme) => theme === query.get("theme")) ?? "system" };
}

/** Whether a page of another site has this one in a frame. */
export function isInForeignFrame(): boolean {
  try {
    return window.top !== null && window.top.location.origin !== location.origin;
  } catch {
    // Other sites do not let themselves be asked.
    return true;
  }
}

/** The address that shows in a frame what `link` shows. */
export function embedAddress(link: string, theme: Theme): string {
  const url = new URL(link);
  url.searchParams.delete("theme");
  url.searchParams.delete("embed");
  // "?embed" without a value, as people write it.
  const rest = url.searchParams.toString();
  url.search = `${rest === "" ? "" : `${rest}&`}embed${theme === "system" ? "" : `&theme=${theme}`}`;
  return url.href;
}

/** The address of the whole page that shows what a frame shows. */
export function wholeAddress(embedded: string): string {
  const url = new URL(embedded);
  url.searchParams.delete("embed");
  url.searchParams.delete("theme");
  return url.href;
}
