/**
 * A recording as one HTML file: how a trace gets into the page that replays it, and out again. Of what a trace says nothing is
 * written as anything but base64, so no text in it can become markup.
 */
import { DecoscopeError } from "../base/errors";
import { REPLAY_MARK } from "./replay_mark";

/** Version of the element that holds the trace. The trace inside has a version of its own. */
export const REPLAY_FORMAT = 1;

/** Id of the element that holds the trace. */
export const REPLAY_ID = "decoscope-trace";
const TYPE = "application/x-decoscope-trace";

/** Characters of base64 on a line: editors and mail programs stumble over lines without end. */
const LINE = 120;
const CHUNK = 8192;

/** How the recording is shown when the file is opened. */
export interface ReplayShown {
  /** Id of the drawing. */
  readonly view: string;
  /** Finished step that is shown; -1 is the prompt alone. */
  readonly step: number;
  /** Address of the page that wrote the file, with the settings of the run; null if it was no address of the web. */
  readonly home: string | null;
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary).replace(new RegExp(`.{${LINE}}`, "g"), "$&\n");
}

/** The bytes of base64 text with line ends in it; throws for other text. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** An address of the web as a link of the file may have it; null for any other. */
export function webAddress(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}

const escaped = (text: string): string => text.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * The file that replays a recording.
 * @param template replay.html as it was built
 * @param trace a gzipped trace file
 */
export function writeReplay(template: string, trace: Uint8Array, shown: ReplayShown): string {
  const [before, after, more] = template.split(REPLAY_MARK);
  if (before === undefined || after === undefined || more !== undefined)
    throw new DecoscopeError(
      "load",
      "replay.html: expected one place for a recording, found none or several. Reload the page.",
    );
  const attributes = {
    type: TYPE,
    id: REPLAY_ID,
    "data-format": String(REPLAY_FORMAT),
    "data-view": shown.view,
    "data-step": String(shown.step),
    ...(webAddress(shown.home) === null ? {} : { "data-home": webAddress(shown.home) ?? "" }),
  };
  const head = Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join("");
  return `${before}<script${head}>\n${toBase64(trace)}\n</script>${after}`;
}

/** Whether bytes are text that begins as markup does; traces begin with a brace, compressed ones with no text. */
export function isMarkup(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64));
  return start.trimStart().startsWith("<");
}

/**
 * The gzipped trace file in a file of {@link writeReplay}, of this version or an earlier one.
 * @throws DecoscopeError "load" for other files, and for those that lost a part
 */
export function readReplay(html: string): Uint8Array<ArrayBuffer> {
  const start = html.indexOf(`<script type="${TYPE}"`);
  if (start < 0)
    throw new DecoscopeError(
      "load",
      "This is a web page, but none that Decoscope saved: there is no recording in it. Choose a file that was saved with Share or with \u201cSave trace file\u201d.",
    );
  const open = html.indexOf(">", start);
  const close = html.indexOf("</script>", start);
  if (open < 0 || close < open)
    throw new DecoscopeError(
      "load",
      "This recording breaks off in the middle: the file was probably not copied or downloaded to its end. Fetch it again.",
    );
  const format = Number(/ data-format="(\d+)"/.exec(html.slice(start, open))?.[1]);
  if (!(format <= REPLAY_FORMAT))
    throw new DecoscopeError(
      "load",
      "This recording was saved by a newer Decoscope than this one. Reload the page to get the newest version, or open the file itself in a browser: it replays without this page.",
    );
  try {
    return fromBase64(html.slice(open + 1, close));
  } catch {
    throw new DecoscopeError(
      "load",
      "The recording in this file was damaged or changed by hand. Ask for the file again.",
    );
  }
}
