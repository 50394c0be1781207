/**
 * A race as a file: what its link holds, runs and all, without the length that links must keep to. Read with the same suspicion as a
 * link, by the same code.
 */
import { DecoscopeError } from "../../base/errors";
import { RACE_MARK } from "../../share/race_mark";
import { checkSize } from "../files";
import { comparisonFragment, openComparison } from "./actions";
import { useCompare } from "./store";

/** Version of the file; the runs in it have versions of their own. */
const RACE_FORMAT = 1;
const PLACE = "compare/";

/** The race as it is, with the runs that were made. */
export function writeRace(): { readonly name: string; readonly text: string } {
  const methods = useCompare.getState().lanes.map((lane) => lane.settings.method);
  return {
    name: `decoscope-race-${methods.join("-vs-")}.json`,
    text: `${RACE_MARK}${RACE_FORMAT},"race":${JSON.stringify(comparisonFragment(true))}}\n`,
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * What a race file holds, as the link of the race has it after its place.
 * @throws DecoscopeError "load" saying what was expected and what was found
 */
export function readRace(text: string): string {
  const json = readJson(text);
  const { decoscopeRace: format, race } = (typeof json === "object" && json !== null ? json : {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof format !== "number")
    throw new DecoscopeError(
      "load",
      `Expected a race saved by \u201cSave the race\u201d in Compare, found ${json === null ? "a part of one, or another file" : "another JSON file"}. A run by itself is opened in the playground.`,
    );
  if (format !== RACE_FORMAT)
    throw new DecoscopeError(
      "load",
      `This race is of format ${format}; this page reads format ${RACE_FORMAT}. Open it in the page that saved it, or reload this one for a newer version.`,
    );
  if (typeof race !== "string" || !race.startsWith(PLACE))
    throw new DecoscopeError(
      "load",
      "This race file has no runs in it: a part of it was lost. Save the race again.",
    );
  return race.slice(PLACE.length);
}

/**
 * Puts a race file in place of what was compared.
 * @returns whether it could be read; if not, it was said why
 * @throws DecoscopeError if it is no race file
 */
export function openRace(text: string): boolean {
  const isOpen = openComparison(readRace(text), "race file");
  // The address names another comparison, if any.
  if (isOpen) useCompare.setState({ opened: null });
  return isOpen;
}

/** {@link openRace} for a file that somebody chose or dropped. */
export async function openRaceFile(file: File): Promise<boolean> {
  checkSize(file);
  return openRace(await file.text());
}
