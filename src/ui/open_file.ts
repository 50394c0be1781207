/** Files that were chosen or dropped: a run goes on the stage, a race to the place of races. */
import { RACE_MARK } from "../share/race_mark";
import { report } from "./engine";
import { openTraceFile } from "./files";
import { hrefOf } from "./routes";

/** Opens a file by what it begins with; a bad one gives a message and leaves everything as it was. */
export async function openFile(file: File): Promise<void> {
  try {
    if ((await file.slice(0, RACE_MARK.length).text()) !== RACE_MARK) {
      await openTraceFile(file);
      return;
    }
    const { openRaceFile } = await import("./compare/race_file");
    if (await openRaceFile(file)) location.hash = hrefOf("compare");
  } catch (thrown) {
    report(thrown);
  }
}
