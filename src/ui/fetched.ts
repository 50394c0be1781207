/** Data files that come with the page. */
import { useEffect, useState } from "react";
import { DecoscopeError, toErrorRecord } from "../base/errors";

/**
 * The bytes of a file beside the page.
 * @throws DecoscopeError naming the file, what was expected and what was found
 */
export async function fetchBytes(path: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(new URL(path, document.baseURI));
  } catch {
    throw new DecoscopeError(
      "load",
      `${path} could not be fetched. Check the connection and reload the page.`,
    );
  }
  if (!response.ok)
    throw new DecoscopeError(
      "load",
      `${path} could not be fetched: expected status 200, found ${response.status}. Reload the page.`,
    );
  return new Uint8Array(await response.arrayBuffer());
}

/** The text of a file beside the page. @throws as {@link fetchBytes} */
export const fetchText = async (path: string): Promise<string> =>
  new TextDecoder().decode(await fetchBytes(path));

/** The JSON of a file beside the page. @throws as {@link fetchBytes}, and for other text */
export async function fetchJson(path: string): Promise<unknown> {
  const text = await fetchText(path);
  try {
    return JSON.parse(text);
  } catch {
    throw new DecoscopeError("load", `${path}: expected JSON, found other text. Reload the page.`);
  }
}

/** What became of a file asked for. */
export type Fetched<T> =
  | { readonly state: "waiting" }
  | { readonly state: "here"; readonly value: T }
  | { readonly state: "failed"; readonly message: string };

const WAITING = { state: "waiting" } as const;

/** Loads `path` with `load`, a function of its module; nothing is asked for while the path is null. */
export function useFetched<T>(path: string | null, load: (path: string) => Promise<T>): Fetched<T> {
  const [known, setKnown] = useState<{ readonly path: string; readonly fetched: Fetched<T> } | null>(null);
  useEffect(() => {
    if (path === null) return undefined;
    let isWanted = true;
    const tell = (fetched: Fetched<T>) => {
      if (isWanted) setKnown({ path, fetched });
    };
    load(path).then(
      (value) => tell({ state: "here", value }),
      (thrown: unknown) => tell({ state: "failed", message: toErrorRecord(thrown, "load").message }),
    );
    return () => {
      isWanted = false;
    };
  }, [path, load]);
  return known !== null && known.path === path ? known.fetched : WAITING;
}
